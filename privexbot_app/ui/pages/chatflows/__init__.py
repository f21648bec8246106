"""All chatflows of the workspace, live ones and drafts."""
