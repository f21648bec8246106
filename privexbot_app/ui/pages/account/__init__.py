"""The user's own page: name, look, workspaces, members."""
