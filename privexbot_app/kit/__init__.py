"""Tools that know nothing of chatbots: errors, registries, scopes, database, jobs, drafts, HTTP, crypto.

Everything above may use the kit; the kit imports nothing from above.
"""
