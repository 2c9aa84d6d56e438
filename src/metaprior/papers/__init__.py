"""A paper's claims as runnable experiments."""
