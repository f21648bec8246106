"""What bots have done for a workspace, in figures; what they could not answer, and the answers people write for it."""
