"""One knowledge base: its documents, a try at searching it, its settings."""
