"""Requests for chat APIs with media in them; nothing is sent."""
