"""The entries of a feed. `connector` is the way in, `entries` reads RSS, Atom and JSON Feed."""

from privexbot_app.integrations.source_connectors.feed.connector import FeedConnector

__all__ = ["FeedConnector"]
