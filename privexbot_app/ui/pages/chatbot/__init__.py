"""One live chatbot: where it is, how it is set, its versions."""
