"""Sheets, charts and lettering: arrays in, pictures out; no file and no model."""
