"""A FAISS index in memory that follows a log: its own labels stand for chunks and documents."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from privexbot_app.integrations.vector_stores.base import VectorHit, VectorRecord, VectorRejectedError
from privexbot_app.integrations.vector_stores.faiss.log import (
    ADD,
    REMOVE_CHUNK,
    REMOVE_DOCUMENT,
    Entries,
    Log,
    entry_type,
)

SMALLEST_TO_TIDY = 1000


class LoggedIndex:
    """The vectors of one namespace, as far as its log has been read."""

    def __init__(self, log: Log, faiss: Any) -> None:
        self.log = log
        self._faiss = faiss
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(log.dimensions))
        self._next_label = 0
        self._entries_read = 0
        self._chunks: dict[int, tuple[bytes, bytes]] = {}
        self._labels: dict[bytes, int] = {}
        self._of_document: defaultdict[bytes, set[int]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._labels)

    @property
    def is_untidy(self) -> bool:
        """Whether most of the log is about vectors that are gone."""
        return self._entries_read > max(SMALLEST_TO_TIDY, 3 * len(self))

    def chunk_ids(self) -> set[UUID]:
        """All chunks."""
        return {UUID(bytes=chunk) for chunk in self._labels}

    def follow(self, entries: Entries) -> None:
        """Do what the entries say, in their order."""
        self._entries_read += len(entries)
        changes = np.flatnonzero(np.diff(entries["action"])) + 1
        for run in np.split(entries, changes):
            if not len(run):
                continue
            if run["action"][0] == ADD:
                self._add(run)
            elif run["action"][0] == REMOVE_CHUNK:
                self._remove(self._labels[key] for key in set(_keys(run["chunk"])) if key in self._labels)
            else:
                self._remove(label for key in set(_keys(run["document"])) for label in self._of_document.get(key, ()))

    def search(self, vector: Sequence[float], limit: int, document_ids: Collection[UUID] | None) -> list[VectorHit]:
        """Exact search, best first. Raises VectorRejectedError for a vector of another length."""
        question = np.asarray([vector], dtype="f4")
        if question.shape[1] != self.log.dimensions:
            raise VectorRejectedError(f"length {question.shape[1]}, not {self.log.dimensions}")
        options = {}
        if document_ids is not None:
            labels = [label for id in document_ids for label in self._of_document.get(id.bytes, ())]
            selector = self._faiss.IDSelectorBatch(np.asarray(labels, dtype="i8"))
            options["params"] = self._faiss.SearchParameters(sel=selector)
        if not len(self):
            return []
        scores, labels_found = self._index.search(question, min(limit, len(self)), **options)
        hits = []
        for label, score in zip(labels_found[0].tolist(), scores[0].tolist(), strict=True):
            if label >= 0:  # FAISS fills up with −1 where it finds fewer
                chunk, document = self._chunks[label]
                hits.append(VectorHit(UUID(bytes=chunk), UUID(bytes=document), score))
        return hits

    def vectors(self, chunk_ids: Iterable[UUID]) -> dict[UUID, Sequence[float]]:
        """The vectors of those chunks that are here."""
        held = [chunk_id for chunk_id in dict.fromkeys(chunk_ids) if chunk_id.bytes in self._labels]
        if not held:
            return {}
        labels = np.asarray([self._labels[chunk_id.bytes] for chunk_id in held], dtype="i8")
        return dict(zip(held, self._index.reconstruct_batch(labels).tolist(), strict=True))

    def as_entries(self) -> Entries:
        """A log's worth of what is there now."""
        labels = np.fromiter(self._chunks, dtype="i8", count=len(self._chunks))
        entries = np.zeros(len(labels), entry_type(self.log.dimensions))
        entries["action"] = ADD
        if len(labels):
            entries["chunk"] = np.frombuffer(b"".join(pair[0] for pair in self._chunks.values()), "V16")
            entries["document"] = np.frombuffer(b"".join(pair[1] for pair in self._chunks.values()), "V16")
            entries["vector"] = self._index.reconstruct_batch(labels)
        return entries

    def _add(self, run: Entries) -> None:
        keys = list(_keys(run["chunk"]))
        last = {key: place for place, key in enumerate(keys)}  # a later entry of the same chunk wins
        self._remove(self._labels[key] for key in last if key in self._labels)
        places = list(last.values())
        labels = np.arange(self._next_label, self._next_label + len(places), dtype="i8")
        self._next_label += len(places)
        self._index.add_with_ids(np.ascontiguousarray(run["vector"][places]), labels)
        documents = list(_keys(run["document"]))
        for label, place in zip(labels.tolist(), places, strict=True):
            self._chunks[label] = (keys[place], documents[place])
            self._labels[keys[place]] = label
            self._of_document[documents[place]].add(label)

    def _remove(self, labels: Iterable[int]) -> None:
        gone = list(labels)
        if not gone:
            return
        self._index.remove_ids(np.asarray(gone, dtype="i8"))
        for label in gone:
            chunk, document = self._chunks.pop(label)
            del self._labels[chunk]
            self._of_document[document].discard(label)
            if not self._of_document[document]:
                del self._of_document[document]


def entries_of(records: Sequence[VectorRecord], dimensions: int) -> Entries:
    """Entries that add these records. Raises VectorRejectedError for a vector of another length."""
    wrong = {len(record.vector) for record in records} - {dimensions}
    if wrong:
        raise VectorRejectedError(f"lengths {sorted(wrong)}, not {dimensions}")
    entries = np.zeros(len(records), entry_type(dimensions))
    entries["action"] = ADD
    entries["chunk"] = np.frombuffer(b"".join(record.chunk_id.bytes for record in records), "V16")
    entries["document"] = np.frombuffer(b"".join(record.document_id.bytes for record in records), "V16")
    entries["vector"] = np.asarray([record.vector for record in records], dtype="f4")
    return entries


def removals(action: int, ids: Collection[UUID], dimensions: int) -> Entries:
    """Entries that remove chunks, or the chunks of documents."""
    entries = np.zeros(len(ids), entry_type(dimensions))
    entries["action"] = action
    field = "document" if action == REMOVE_DOCUMENT else "chunk"
    entries[field] = np.frombuffer(b"".join(id.bytes for id in ids), "V16")
    return entries


def _keys(column: Any) -> Iterable[bytes]:
    raw = column.tobytes()
    return (raw[start : start + 16] for start in range(0, len(raw), 16))
