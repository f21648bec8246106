"""Form-based chatbots: drafts, versions, deployment."""
