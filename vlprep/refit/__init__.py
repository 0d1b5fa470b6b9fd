"""Requests as others built them, with their media made to fit; nothing is sent."""
