"""PrivexBot: build, test and deploy chatbots that answer from your own documents, on your own machines."""

__version__ = "0.1.0"
