"""Flows as files: our own format, written and read, and other products' exports, read with a report of what is lost."""
