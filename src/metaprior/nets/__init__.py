"""Plain networks. No losses in here."""
