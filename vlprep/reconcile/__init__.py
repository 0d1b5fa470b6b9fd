"""Predicted against billed: which rules fit the usage that a log of requests and replies states."""
