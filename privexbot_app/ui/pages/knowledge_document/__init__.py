"""One document: its text, where it is cut, and the passage that somebody cited."""
