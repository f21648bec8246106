"""All chatbots of the workspace, live ones and drafts."""
