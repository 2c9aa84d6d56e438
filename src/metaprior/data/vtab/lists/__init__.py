"""Published lists of examples, as they ship with the library."""
