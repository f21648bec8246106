"""What the pages about knowledge share: how things are said, marked, and added."""
