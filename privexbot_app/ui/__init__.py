"""The door for people: the dashboard, rendered by Reflex."""

STYLESHEETS = ["/styles.css"]
