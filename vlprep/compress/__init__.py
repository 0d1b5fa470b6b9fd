"""Smaller files of which a model sees the same."""
