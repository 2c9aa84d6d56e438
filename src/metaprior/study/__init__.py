"""Recipe, data and loop joined into runs."""
