"""The very frames and pictures behind a count: streamed, written to files, drawn on a sheet."""
