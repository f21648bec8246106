"""A website, page by page. `connector` is the way in, `crawl` decides which page is next."""

from privexbot_app.integrations.source_connectors.website.connector import WebsiteConnector

__all__ = ["WebsiteConnector"]
