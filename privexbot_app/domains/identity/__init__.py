"""People and how they sign in. Knows nothing of tenants."""
