"""The one way to an answer: reply, preview, history."""
