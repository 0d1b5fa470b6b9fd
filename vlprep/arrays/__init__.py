"""The numbers that an open model's vision encoder takes: scaled, normalised, in patches."""
