"""What every source connector does. A test module subclasses `SourceConnectorContract` and brings a `connector`."""

from privexbot_app.integrations.source_connectors.base import SourceConnector


class SourceConnectorContract:
    """The suite."""

    async def test_it_brings_at_least_one_named_document(self, connector: SourceConnector):
        items = await connector.load()
        assert items
        for item in items:
            assert item.name.strip()
            assert "." in item.filename
            assert "/" not in item.filename
            assert item.content
            assert "/" in item.media_type

    async def test_loading_again_brings_the_same(self, connector: SourceConnector):
        assert await connector.load() == await connector.load()

    async def test_blocks_lie_within_the_text_and_in_order(self, connector: SourceConnector):
        for item in await connector.load():
            if item.document is None:
                continue
            assert item.content.decode() == item.document.text
            edges = [edge for block in item.document.blocks for edge in (block.start, block.end)]
            assert edges == sorted(edges)
            assert edges[-1] <= len(item.document.text)
