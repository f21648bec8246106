"""Organizations, workspaces, members and roles; the only maker of a Scope."""
