"""The tab with the sources of a knowledge base: what each brought, and when it is loaded again."""
