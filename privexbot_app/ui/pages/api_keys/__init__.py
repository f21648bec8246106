"""API keys: how programs get into the workspace."""
