"""Contacts that visitors leave with a bot, with their consent."""
