"""Knowledge bases: their sources and documents, how these are indexed, and how passages are found.

`drafts` is where a knowledge base begins, `service` where it lives, `indexing` what the worker does,
`retrieval` how a question finds its passages.
"""
