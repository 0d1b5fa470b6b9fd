"""Frames where something happens: picked by what changes, with no stretch left unseen."""
