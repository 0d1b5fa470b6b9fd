"""Answers of a model about when: back on the frames of the clip."""
