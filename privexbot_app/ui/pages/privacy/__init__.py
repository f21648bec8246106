"""What is kept of people, for how long, and whom the installation talks to."""
