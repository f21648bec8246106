"""The wizard that makes a knowledge base."""
