"""The first page: numbers, the way to the first chatbot, what was touched last."""
