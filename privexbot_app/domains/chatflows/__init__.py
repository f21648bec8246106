"""Chatflows: bots whose answers come from a graph; deployed, versioned and embedded as bots are (see `bots`)."""
