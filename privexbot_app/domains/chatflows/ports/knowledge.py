"""Knowledge bases for nodes: the same search as the dashboard's and the chatbots'."""

from collections.abc import Sequence

from privexbot_app.domains.chatflows.ports.setting import Setting, read_id
from privexbot_app.domains.knowledge.retrieval import Query, search
from privexbot_app.domains.knowledge.schemas import SearchMode
from privexbot_app.flow.ports import Found, Search
from privexbot_app.integrations.plugins import Workshop


class WorkspaceKnowledge:
    """Searches what the workspace has; another workspace's base is not there."""

    def __init__(self, works: Workshop, setting: Setting) -> None:
        self._works, self._setting = works, setting

    async def search(self, asked: Search) -> Sequence[Found]:
        """Best first. Raises NotFoundError (`kb_not_found`)."""
        query = Query(
            text=asked.text,
            base_ids=tuple(read_id(id) for id in asked.base_ids),
            limit=asked.limit,
            mode=SearchMode(asked.mode) if asked.mode else None,
            rerank=asked.rerank,
            is_redacted=self._setting.redaction.is_enabled,
        )
        results = await search(self._works, self._setting.scope, query)
        return [
            Found(
                result.as_passage(number),
                document_id=str(result.document_id),
                chunk_id=str(result.chunk_id),
                score=result.score,
            )
            for number, result in enumerate(results, start=1)
        ]
