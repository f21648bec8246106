"""Databases that flows ask: other people's, at an address that a customer gave."""
