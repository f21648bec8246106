"""The vault: what a workspace needs to sign in elsewhere. Secrets go in and never come out through a door.

Those who need one (nodes, channels, sources) keep its id and ask `CredentialService.reveal_for_use` when they use it.
"""
