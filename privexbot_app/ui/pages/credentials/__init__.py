"""The vault of a workspace."""
