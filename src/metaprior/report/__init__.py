"""Scores to pictures."""
