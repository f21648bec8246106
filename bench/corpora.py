"""Test sets as the benchmarks use them. Owns the reading of each format; knows neither retrieval nor figures.

A format is told by the files in a folder, not by the folder's name, so that sets which are not known yet are read too:

`docs*/` and `questions*.jsonl`        documents with questions; the answers are spans, or names of documents
`tasks.jsonl` and `passages_*.jsonl`   conversations over collections of short passages
`*similarity*.csv`                     rewordings of questions
`query_rewrite.jsonl`                  follow-up questions with a stand-alone rewording by a human
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from privexbot_app.integrations.parsers.sandbox import parse_file
from privexbot_app.kit.text import StructuredText


class Judging(StrEnum):
    """What a right answer is: characters of documents, documents as a whole, or a ranking of passages."""

    SPANS = "spans"
    CITED = "cited"
    RANKING = "ranking"
    FAQ = "faq"


@dataclass(frozen=True)
class Source:
    """One document of a set: a file to parse, or a text as it is."""

    name: str
    text: str = ""
    path: Path | None = None

    async def load(self) -> StructuredText:
        """The text and its structure, through the product's own parsers."""
        if self.path is None:
            return StructuredText(self.text)
        return await parse_file(self.path, filename=self.path.name)


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` of a document."""

    document: str
    start: int
    end: int


@dataclass(frozen=True)
class Turn:
    """What was said before the question."""

    role: str
    content: str


@dataclass(frozen=True)
class Question:
    """A question and what a right answer to it is."""

    text: str
    history: tuple[Turn, ...] = ()
    evidence: tuple[Span, ...] = ()
    relevant: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Corpus:
    """Documents that are searched together, and questions to them."""

    name: str
    judging: Judging
    sources: tuple[Source, ...]
    questions: tuple[Question, ...] = field(repr=False)
    is_cross_lingual: bool = False

    @property
    def has_history(self) -> bool:
        """Whether questions follow each other in conversations."""
        return any(question.history for question in self.questions)


@dataclass(frozen=True)
class Rewording:
    """A follow-up question, the turns before it, and what it means."""

    history: tuple[Turn, ...]
    question: str
    meaning: str


def find_corpora(root: Path) -> list[Corpus]:
    """Every set below `root`, which may be one set itself, a folder of sets, or a folder that holds `retrieval`."""
    root = root / "retrieval" if (root / "retrieval").is_dir() else root
    found = []
    for folder in [root, *sorted(path for path in root.iterdir() if path.is_dir())]:
        found += [*_documents(folder), *_conversations(folder), *_rewordings_of_questions(folder)]
    return found


def find_rewordings(root: Path) -> list[Rewording]:
    """Follow-up questions with a human's rewording; those that follow nothing are left out."""
    found = []
    for path in sorted(root.rglob("query_rewrite.jsonl")):
        for row in _rows(path):
            turns = row["turns"]
            if len(turns) > 1:
                history = tuple(Turn("user", text) for text in turns[:-1])
                found.append(Rewording(history, row["last_turn"], row["rewrite"]))
    return found


def _documents(folder: Path) -> Iterator[Corpus]:
    """Each language of the questions over each language of the documents."""
    for docs in sorted(folder.glob("docs*")):
        files = [path for path in sorted(docs.iterdir()) if path.is_file()]
        sources = tuple(Source(path.name, path=path) for path in files)
        for asked in sorted(folder.glob("questions*.jsonl")):
            to, by = _suffix(docs.name), _suffix(asked.stem)
            spans = asked.with_name(f"questions{to}.jsonl")
            if by != to and not spans.exists():
                continue
            name = folder.name + (to if by == to else f"{by}→{to.strip('_')}")
            questions = tuple(_asked(_rows(asked), _rows(spans)))
            judging = Judging.SPANS if any(question.evidence for question in questions) else Judging.CITED
            yield Corpus(name, judging, sources, questions, is_cross_lingual=by != to)


def _asked(asked: list[dict], answered: list[dict]) -> Iterator[Question]:
    answers = {row["id"]: row for row in answered}
    for row in asked:
        answer = answers.get(row["id"])
        if answer is None:
            continue
        evidence = tuple(Span(span["doc"], span["start"], span["end"]) for span in answer.get("evidence", ()))
        relevant = frozenset(answer.get("cited_docs") or (span.document for span in evidence))
        if relevant:
            yield Question(row["question"], evidence=evidence, relevant=relevant)


def _suffix(name: str) -> str:
    _, mark, rest = name.partition("_")
    return mark + rest


def _conversations(folder: Path) -> Iterator[Corpus]:
    tasks = folder / "tasks.jsonl"
    if not tasks.exists():
        return
    rows = _rows(tasks)
    for path in sorted(folder.glob("passages_*.jsonl")):
        collection = path.stem.removeprefix("passages_")
        sources = tuple(Source(row["_id"], text=row["text"]) for row in _rows(path) if row["text"].strip())
        questions = tuple(_asked_in(row) for row in rows if row["collection"] == collection and row["relevant"])
        if questions:
            yield Corpus(f"{folder.name}:{collection}", Judging.RANKING, sources, questions)


def _asked_in(row: dict) -> Question:
    turns = [Turn("user" if turn["speaker"] == "user" else "assistant", turn["text"]) for turn in row["conversation"]]
    last = max(at for at, turn in enumerate(turns) if turn.role == "user")
    return Question(turns[last].content, history=tuple(turns[:last]), relevant=frozenset(_ids(row["relevant"])))


def _ids(relevant: list | dict) -> Iterator[str]:
    for item in relevant:
        yield item if isinstance(item, str) else item.get("_id") or item.get("id") or item["document_id"]


def _rewordings_of_questions(folder: Path) -> Iterator[Corpus]:
    for path in sorted(folder.glob("*similarity*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        known = list(dict.fromkeys(row["question_1"].strip() for row in rows))
        questions = tuple(
            Question(row["question_2"], relevant=frozenset([row["question_1"].strip()]))
            for row in rows
            if row["similar"].strip() in {"1", "1.0", "true", "True"}
        )
        language = path.stem.rpartition("_")[2]
        yield Corpus(
            f"{folder.name}_{language}", Judging.FAQ, tuple(Source(text, text=text) for text in known), questions
        )


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
