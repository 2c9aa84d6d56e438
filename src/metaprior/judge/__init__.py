"""A model and data in, scores out."""
