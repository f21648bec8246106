"""The editor of a chatflow's draft: the canvas, a chat that runs the draft, publishing and versions."""
