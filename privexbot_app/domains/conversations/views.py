"""Messages as their own visitor may see them."""

from typing import cast

from privexbot_app.domains.conversations.inbox_schemas import Role
from privexbot_app.domains.conversations.models import Message
from privexbot_app.domains.conversations.schemas import CitationView, MessageView


def message_view(row: Message) -> MessageView:
    """One turn."""
    return MessageView(
        message_id=row.id,
        role=cast(Role, row.role),
        content=row.content,
        author=row.author,
        citations=[CitationView.model_validate(citation) for citation in row.citations],
        created_at=row.created_at,
    )
