"""Bring files under a byte limit: what is tried, in which order, and what it cost."""
