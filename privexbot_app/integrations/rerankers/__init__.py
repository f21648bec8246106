"""Rerankers: second opinions on the passages that a search has found."""
