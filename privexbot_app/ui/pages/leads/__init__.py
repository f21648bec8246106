"""Contacts that visitors have left, and what becomes of them."""
