"""Files against the documented limits of a service: facts in, findings out."""
