"""Plain functions: arrays to numbers."""
