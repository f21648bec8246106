"""The product in process: its database, indexing and search. Only embedding remembers, and vectors stay in memory."""

import tempfile
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from bench.corpora import Corpus
from bench.embedding import RememberingEmbedder
from bench.exact import ExactVectorStore
from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.migrate import migrate
from privexbot_app.domains.knowledge.content import write_text
from privexbot_app.domains.knowledge.indexing import index_document
from privexbot_app.domains.knowledge.models import Document, KnowledgeBase, Source
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.domains.tenancy.models import Organization, Workspace
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.integrations.embeddings.base import EMBEDDERS
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.integrations.vector_stores.base import VECTOR_STORES
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import StructuredText
from privexbot_app.settings import Settings

EMBEDDING = "bench-minilm"
VECTOR_STORE = "bench-exact"


class Product:
    """One installation with one workspace."""

    def __init__(self, works: Workshop, scope: Scope) -> None:
        self.works = works
        self.scope = scope

    @property
    def embedder(self) -> RememberingEmbedder:
        """The embedder that knowledge bases use here."""
        embedder = self.works.plugins.embedders.get(EMBEDDING)
        assert isinstance(embedder, RememberingEmbedder)
        return embedder

    async def load(self, corpus: Corpus) -> "LoadedBase":
        """Index every document of a set into a knowledge base with default settings."""
        texts = {source.name: await source.load() for source in corpus.sources}
        base_id = await self.make_base(corpus.name)
        names = {}
        for source in corpus.sources:
            # Only a file has a name of its own; that of a passage is its number or its text.
            title = source.name if source.path else "passage"
            names[await self.index(base_id, title, texts[source.name])] = source.name
        return LoadedBase(base_id, names, texts)

    async def make_base(self, name: str, settings: KnowledgeSettings | None = None) -> UUID:
        """An empty knowledge base."""
        settings = settings or KnowledgeSettings()
        settings = settings.model_copy(
            update={
                "embedding": settings.embedding or EMBEDDING,
                "vector_store": settings.vector_store or VECTOR_STORE,
            }
        )
        embedder = self.works.plugins.embedders.get(settings.embedding)
        async with self.works.open(self.scope) as work:
            base = KnowledgeBase(
                workspace_id=self.scope.workspace_id,
                name=name,
                settings=settings.model_dump(mode="json"),
                embedding_model=embedder.model_id,
                dimensions=embedder.dimensions,
            )
            work.session.add(base)
        return base.id

    async def add(self, base_id: UUID, name: str, text: StructuredText) -> UUID:
        """A queued document."""
        [document_id] = await self.add_all(base_id, [(name, text)])
        return document_id

    async def add_all(self, base_id: UUID, named: Sequence[tuple[str, StructuredText]]) -> list[UUID]:
        """Queued documents of one source."""
        ids = [new_id() for _ in named]
        folders = [self.scope.storage_path("documents", id.hex) for id in ids]
        for folder, (_, text) in zip(folders, named, strict=True):
            await write_text(self.works.plugins.storage, folder, text)
        async with self.works.open(self.scope) as work:
            source = Source(
                workspace_id=self.scope.workspace_id, knowledge_base_id=base_id, type="file", name="bench", config={}
            )
            work.session.add(source)
            await work.session.flush()
            for id, folder, (name, _) in zip(ids, folders, named, strict=True):
                work.session.add(
                    Document(
                        id=id,
                        workspace_id=self.scope.workspace_id,
                        knowledge_base_id=base_id,
                        source_id=source.id,
                        name=name[:200],
                        storage_path=folder,
                    )
                )
        return ids

    async def index(self, base_id: UUID, name: str, text: StructuredText) -> UUID:
        """Add a document and index it at once."""
        document_id = await self.add(base_id, name, text)
        await index_document(self.works, self.scope, document_id)
        return document_id


class LoadedBase:
    """A set in a knowledge base. names: of its documents by their ids; texts: as the product extracted them."""

    def __init__(self, base_id: UUID, names: dict[UUID, str], texts: dict[str, StructuredText]) -> None:
        self.base_id = base_id
        self.names = names
        self.texts = texts


@asynccontextmanager
async def opened_product(folder: Path | None = None, *, is_new: bool = True) -> AsyncIterator[Product]:
    """An installation in a folder, by default one that is thrown away; one that is there already is not migrated."""
    register()
    with tempfile.TemporaryDirectory(prefix="privexbot-bench-") as scratch:
        settings = Settings(
            data_dir=folder or Path(scratch),
            redis_url="redis://127.0.0.1:1",
            default_vector_store=VECTOR_STORE,
            default_embedding=EMBEDDING,
            log_level="ERROR",
        )
        if is_new:
            _migrate_apart(settings)
        built = build_runtime(settings)
        try:
            yield Product(built.works, await _make_tenant(built.works))
        finally:
            await built.close()


def register() -> None:
    """Register the benchmark's own plug-ins, before the registries are closed."""
    if EMBEDDING not in EMBEDDERS:
        EMBEDDERS.register(EMBEDDING)(RememberingEmbedder)
        VECTOR_STORES.register(VECTOR_STORE)(ExactVectorStore)


async def _make_tenant(works: Workshop) -> Scope:
    async with works.open(None) as work:
        organization = Organization(name="Bench")
        work.session.add(organization)
        await work.session.flush()
        workspace = Workspace(organization_id=organization.id, name="Main")
        work.session.add(workspace)
    return scope_of_job(organization.id, workspace.id, job="bench")


def _migrate_apart(settings: Settings) -> None:
    # Alembic's environment starts an event loop of its own, so it cannot run inside ours.
    thread = threading.Thread(target=migrate, args=(settings,))
    thread.start()
    thread.join()
