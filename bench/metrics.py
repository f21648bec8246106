"""How good a ranking is. Pure: knows passages and right answers, not who ranked.

Every system is judged on the same budget: its passages are read best first until BUDGET characters are used up; the
last one is cut there. What two passages both hold counts once as found and twice as read.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.corpora import Corpus, Judging, Question

BUDGET = 5_000
DEPTH = 10


@dataclass(frozen=True)
class Found:
    """A passage that a system found: characters of a document."""

    document: str
    start: int
    end: int


Figures = dict[str, float]


def judge(corpus: Corpus, rankings: Sequence[Sequence[Found]]) -> Figures:
    """Mean figures over all questions; the first named is the set's main figure."""
    judged = _JUDGES[corpus.judging]
    rows = [judged(question, ranking) for question, ranking in zip(corpus.questions, rankings, strict=True)]
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def within_budget(ranking: Sequence[Found], budget: int = BUDGET) -> list[Found]:
    """The passages that are read, the last one cut."""
    read, left = [], budget
    for found in ranking:
        if left <= 0:
            break
        end = min(found.end, found.start + left)
        read.append(Found(found.document, found.start, end))
        left -= end - found.start
    return read


def _judge_spans(question: Question, ranking: Sequence[Found]) -> Figures:
    read = within_budget(ranking)
    wanted = {(span.document, at) for span in question.evidence for at in range(span.start, span.end)}
    left, early = wanted, 0.0
    for rank, found in enumerate(read):
        still = {place for place in left if not _holds(found, place)}
        # A passage gains the share of the evidence that none before it held; all of it in the first one would be 1.
        early += (len(left) - len(still)) / len(wanted) / math.log2(rank + 2) if rank < DEPTH else 0.0
        left = still
    hit = len(wanted) - len(left)
    length = sum(found.end - found.start for found in read)
    return {
        "recall@5000": hit / len(wanted),
        "precision@5000": hit / length if length else 0.0,
        "iou@5000": hit / (length + len(left)) if length or left else 0.0,
        "ndcg@10": early,
    }


def _holds(found: Found, place: tuple[str, int]) -> bool:
    return found.document == place[0] and found.start <= place[1] < found.end


def _judge_cited(question: Question, ranking: Sequence[Found]) -> Figures:
    read = within_budget(ranking)
    documents = {found.document for found in read}
    length = sum(found.end - found.start for found in read)
    right = sum(found.end - found.start for found in read if found.document in question.relevant)
    return {
        "recall@5000": len(documents & question.relevant) / len(question.relevant),
        "precision@5000": right / length if length else 0.0,
        "recall@5": _share({found.document for found in ranking[:5]}, question),
        "recall@10": _share({found.document for found in ranking[:10]}, question),
        "ndcg@10": _document_ndcg(question, ranking),
    }


def _judge_ranking(question: Question, ranking: Sequence[Found]) -> Figures:
    read = within_budget(ranking)
    order = list(dict.fromkeys(found.document for found in ranking))
    length = sum(found.end - found.start for found in read)
    right = sum(found.end - found.start for found in read if found.document in question.relevant)
    return {
        "ndcg@10": _document_ndcg(question, ranking),
        "recall@5": _share(set(order[:5]), question),
        "recall@10": _share(set(order[:10]), question),
        "recall@5000": _share({found.document for found in read}, question),
        "precision@5000": right / length if length else 0.0,
    }


def _judge_faq(question: Question, ranking: Sequence[Found]) -> Figures:
    order = list(dict.fromkeys(found.document for found in ranking))
    return {
        "hit@1": float(bool(question.relevant & set(order[:1]))),
        "hit@5": float(bool(question.relevant & set(order[:5]))),
        "ndcg@10": _document_ndcg(question, ranking),
        "recall@5000": _share({found.document for found in within_budget(ranking)}, question),
    }


def _share(found: set[str], question: Question) -> float:
    return len(found & question.relevant) / len(question.relevant)


def _document_ndcg(question: Question, ranking: Sequence[Found]) -> float:
    order = list(dict.fromkeys(found.document for found in ranking))[:DEPTH]
    gain = sum(1 / math.log2(rank + 2) for rank, name in enumerate(order) if name in question.relevant)
    return gain / sum(1 / math.log2(rank + 2) for rank in range(min(DEPTH, len(question.relevant))))


_JUDGES: dict[Judging, Callable[[Question, Sequence[Found]], Figures]] = {
    Judging.SPANS: _judge_spans,
    Judging.CITED: _judge_cited,
    Judging.RANKING: _judge_ranking,
    Judging.FAQ: _judge_faq,
}
