"""A Notion workspace. `connector` is the way in, `blocks` turns what Notion returns into Markdown."""

from privexbot_app.integrations.source_connectors.notion.connector import NotionConnector

__all__ = ["NotionConnector"]
