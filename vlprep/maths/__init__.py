"""Numbers in, numbers out: how references resize pictures and pick frames. No files, no models."""
