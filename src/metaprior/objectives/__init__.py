"""Plain functions: one term of a loss each."""
