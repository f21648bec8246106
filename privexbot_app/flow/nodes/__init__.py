"""One file per node type; they do not know each other."""
