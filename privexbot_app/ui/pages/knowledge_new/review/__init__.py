"""The dialog in which the pages of a source are looked at, edited, and taken in or out before they become documents."""
