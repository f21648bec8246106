"""The builder of a chatbot's draft: a form that saves itself, a live chat beside it, and the way to deployment."""
