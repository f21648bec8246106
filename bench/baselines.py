"""What the product is compared with. Each baseline reads the same extracted texts and embeds with the same model.

Independent of the product's own ranking: plain BM25 is written out here, dense search, LlamaIndex and Chroma run their
own code.
"""

import math
import os
import re
import shutil
from collections import Counter, defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from bench.corpora import Corpus
from bench.embedding import CACHE, RememberingEmbedder
from bench.metrics import Found
from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.kit.text import StructuredText

Texts = dict[str, StructuredText]
RESULTS = 50

_WORD = re.compile(r"\w+")
_ENGLISH = (
    "a about after all also an and any are as at be because been before being but by can could did do does doing for "
    "from further had has have having he her here hers him his how i if in into is it its itself just me more most my "
    "no nor not now of off on once only or other our out over own same she should so some such than that the their "
    "them then there these they this those through to too under until up very was we were what when where which while "
    "who whom why will with would you your"
)
_STOP_WORDS = frozenset(_ENGLISH.split())


class Baseline(Protocol):
    """A system that ranks passages of one set for a question."""

    async def load(self, corpus: Corpus, texts: Texts) -> None:
        """Take in the documents."""
        ...

    async def search(self, question: str) -> list[Found]:
        """Passages, best first."""
        ...


class PlainBm25:
    """BM25 (k1 1.2, b 0.75), light stemming, English stop words, over windows of 1,000 characters, 200 overlapping."""

    def __init__(self, *, length: int = 1000, overlap: int = 200) -> None:
        self._length, self._step = length, length - overlap

    async def load(self, corpus: Corpus, texts: Texts) -> None:
        """See `Baseline.load`."""
        self._chunks = [found for name, text in texts.items() for found in self._windows(name, text.text)]
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths = []
        for number, chunk in enumerate(self._chunks):
            counts = Counter(_words(texts[chunk.document].text[chunk.start : chunk.end]))
            self._lengths.append(sum(counts.values()))
            for word, count in counts.items():
                self._postings[word].append((number, count))
        self._mean = sum(self._lengths) / max(1, len(self._lengths)) or 1.0

    async def search(self, question: str) -> list[Found]:
        """See `Baseline.search`."""
        scores: dict[int, float] = defaultdict(float)
        for word in set(_words(question)):
            holding = self._postings.get(word, [])
            rarity = math.log(1 + (len(self._chunks) - len(holding) + 0.5) / (len(holding) + 0.5))
            for number, count in holding:
                damping = 1.2 * (0.25 + 0.75 * self._lengths[number] / self._mean)
                scores[number] += rarity * count * 2.2 / (count + damping)
        best = sorted(scores, key=lambda number: -scores[number])[:RESULTS]
        return [self._chunks[number] for number in best]

    def _windows(self, name: str, text: str) -> list[Found]:
        if len(text) <= self._length * 2 and "\n\n" not in text:
            return [Found(name, 0, len(text))]
        starts = range(0, max(1, len(text) - (self._length - self._step)), self._step)
        return [Found(name, start, min(len(text), start + self._length)) for start in starts]


def _words(text: str) -> list[str]:
    return [_light_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]


def _light_stem(word: str) -> str:
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)] + kept
    return word


class LlamaIndexDefaults:
    """SentenceSplitter with 1,024 tokens and 200 overlapping, and VectorStoreIndex with its `similarity_top_k`."""

    def __init__(self, embedder: RememberingEmbedder, *, top: int) -> None:
        self._embedder, self._top = embedder, top

    async def load(self, corpus: Corpus, texts: Texts) -> None:
        """See `Baseline.load`."""
        _copy_word_lists()
        from llama_index.core import Document, VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter

        documents = [Document(text=text.text, id_=name) for name, text in texts.items() if text.text.strip()]
        nodes = SentenceSplitter(chunk_size=1024, chunk_overlap=200).get_nodes_from_documents(documents)
        index = VectorStoreIndex(nodes=[], embed_model=_llama_embedding(self._embedder))
        await index.ainsert_nodes(nodes)
        self._retriever = index.as_retriever(similarity_top_k=self._top)

    async def search(self, question: str) -> list[Found]:
        """See `Baseline.search`."""
        hits = await self._retriever.aretrieve(question)
        nodes: list[Any] = [hit.node for hit in hits]
        return [Found(node.ref_doc_id, node.start_char_idx, node.end_char_idx) for node in nodes]


def _copy_word_lists() -> None:
    """NLTK reads no file with two hard links, which is how installers put LlamaIndex's word lists there: copy them."""
    copy = CACHE.with_name("nltk")
    spec = find_spec("llama_index.core")
    assert spec is not None
    assert spec.origin is not None
    if not copy.exists():
        shutil.copytree(Path(spec.origin).with_name("_static") / "nltk_cache", copy)
    os.environ["NLTK_DATA"] = str(copy)


def _llama_embedding(embedder: RememberingEmbedder) -> Any:
    """The benchmark's embedder as LlamaIndex wants it."""
    import asyncio

    from llama_index.core.embeddings import BaseEmbedding

    class Wrapped(BaseEmbedding):
        def _get_query_embedding(self, query: str) -> list[float]:
            return asyncio.run(self._aget_query_embedding(query))

        def _get_text_embedding(self, text: str) -> list[float]:
            return asyncio.run(self._aget_query_embedding(text))

        async def _aget_query_embedding(self, query: str) -> list[float]:
            [vector] = await embedder.embed([query], purpose=Purpose.QUERY)
            return vector

        async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return await embedder.embed(texts, purpose=Purpose.DOCUMENT)

    return Wrapped()


class ChromaDefaults:
    """`collection.add(documents=…)` with one whole document each, and `query(n_results=10)`: Chroma cuts nothing, and
    the model reads the first 256 tokens of each document."""

    def __init__(self, embedder: RememberingEmbedder) -> None:
        self._embedder = embedder

    async def load(self, corpus: Corpus, texts: Texts) -> None:
        """See `Baseline.load`."""
        import chromadb

        client = chromadb.EphemeralClient(chromadb.Settings(anonymized_telemetry=False))
        if any(collection.name == "bench" for collection in client.list_collections()):
            client.delete_collection("bench")
        self._collection = client.create_collection("bench", embedding_function=None)
        self._names, self._texts = list(texts), texts
        for start in range(0, len(self._names), 100):
            names = self._names[start : start + 100]
            written = [texts[name].text or " " for name in names]
            self._collection.add(
                ids=[str(start + number) for number in range(len(names))],
                documents=written,
                embeddings=await self._embedder.embed(written, purpose=Purpose.DOCUMENT),
            )

    async def search(self, question: str) -> list[Found]:
        """See `Baseline.search`."""
        vectors = await self._embedder.embed([question], purpose=Purpose.QUERY)
        answer = self._collection.query(query_embeddings=vectors, n_results=min(10, len(self._names)))
        names = [self._names[int(id)] for id in answer["ids"][0]]
        return [Found(name, 0, len(self._texts[name].text)) for name in names]
