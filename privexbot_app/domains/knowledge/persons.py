"""Documents that name a person, so that they can be taken out with their vectors."""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import col

from privexbot_app.domains.knowledge.models import Chunk, Document
from privexbot_app.domains.knowledge.repository import ChunkRepository, DocumentRepository
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.persons import names


class NamingDocument(BaseModel):
    """A document that names somebody."""

    id: UUID
    kb_id: UUID
    name: str


async def list_naming(work: Work, email: str) -> list[NamingDocument]:
    """Documents with the address in one of their chunks, or in their name. Needs `kb.read`."""
    work.scope.require("kb.read")
    if not email:
        return []
    chunks, documents = work.repository(ChunkRepository), work.repository(DocumentRepository)
    holds = func.lower(Chunk.text).contains(email, autoescape=True)
    found = {chunk.document_id for chunk in await chunks.all(chunks.query(holds)) if names(chunk.text, email)}
    named = func.lower(Document.name).contains(email, autoescape=True)
    rows = await documents.all(documents.query(col(Document.id).in_(found) | named).order_by(col(Document.id)))
    return [
        NamingDocument(id=row.id, kb_id=row.knowledge_base_id, name=row.name)
        for row in rows
        if row.id in found or names(row.name, email)
    ]
