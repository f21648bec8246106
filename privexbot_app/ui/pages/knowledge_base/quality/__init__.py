"""The tab with the golden questions of a knowledge base, their runs, and the gate before a deployment."""
