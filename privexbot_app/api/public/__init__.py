"""Routes that anybody may call: bots, the widget, health, documentation."""
