"""Answers of a model, back on the picture."""
