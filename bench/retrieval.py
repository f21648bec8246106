"""How well questions find their passages: the product beside others, on the same texts, in one run.

    python -m bench.retrieval [--data DIR] [--sets NAME,…] [--systems NAME,…] [--quick]

The product's rows go through its own parsers, indexing and search; see `baselines` for the others.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.baselines import RESULTS, ChromaDefaults, LlamaIndexDefaults, PlainBm25
from bench.corpora import Corpus, Question, find_corpora
from bench.embedding import ROOT
from bench.metrics import Figures, Found, judge
from bench.product import LoadedBase, Product, opened_product
from privexbot_app.domains.knowledge.retrieval import Query, search
from privexbot_app.domains.knowledge.schemas import Fusion, SearchMode
from privexbot_app.kit.logging import set_up_logging
from privexbot_app.rag.rewriting import stand_alone

DEFAULT_DATA = ROOT.parent / "shared" / "data"
RESULTS_FOLDER = ROOT / "bench" / "results"
PRODUCT_MODES: dict[str, dict[str, Any]] = {
    "hybrid": {},
    "hybrid+lexical": {"rerank": "lexical"},
    "hybrid by ranks": {"fusion": Fusion.RANKS},
    "keyword": {"mode": SearchMode.KEYWORD},
    "dense": {"mode": SearchMode.DENSE},
}
SYSTEMS = (
    "bm25",
    "dense",
    "llamaindex-2",
    "llamaindex-10",
    "chroma",
    "keyword",
    "hybrid by ranks",
    "hybrid",
    "hybrid+lexical",
)
RIVALS = ("bm25", "dense", "llamaindex-2", "llamaindex-10", "chroma")
COMPARED = ("recall@5000", "precision@5000", "ndcg@10")
# LlamaIndex and Chroma read a few passages and stop, or documents whole; the precision of that does not compare.
RIVALS_IN = {"precision@5000": ("bm25", "dense")}
WANTED_OVER_MEAN = 1.05
DETAILED_BELOW = 0.1
QUICK_QUESTIONS = 40

NOTES = """Figures are explained in [the README](../README.md). Hybrid is held against the best rival, and against the
mean of BM25 and dense, of which it should reach 1.05. Where both are near 1 already, no system can: the last column
tells what a perfect one would reach there. Between runs, passages that tie may swap: ±0.01 on the smaller sets."""

Search = Callable[[str], Awaitable[list[Found]]]


@dataclass(frozen=True)
class Row:
    """Figures of one system on one set. milliseconds: median of one search, embedding of the question not included."""

    name: str
    system: str
    questions: int
    figures: Figures
    milliseconds: float


async def run(corpora: list[Corpus], systems: tuple[str, ...]) -> list[Row]:
    """Every system on every set."""
    rows: list[Row] = []
    async with opened_product() as product:
        for corpus in corpora:
            base = await product.load(corpus)
            for system in systems:
                ask = await _open(system, product, base, corpus)
                rows += [await _measure(variant, system, ask) for variant in _variants(corpus)]
                print(f"{corpus.name}: {system}", file=sys.stderr)
    return _merged(rows)


async def _open(system: str, product: Product, base: LoadedBase, corpus: Corpus) -> Search:
    if system in PRODUCT_MODES:
        return _product_search(product, base, PRODUCT_MODES[system])
    baseline = {
        "bm25": PlainBm25,
        "llamaindex-2": lambda: LlamaIndexDefaults(product.embedder, top=2),
        "llamaindex-10": lambda: LlamaIndexDefaults(product.embedder, top=10),
        "chroma": lambda: ChromaDefaults(product.embedder),
    }[system]()
    await baseline.load(corpus, base.texts)
    return baseline.search


def _product_search(product: Product, base: LoadedBase, options: dict[str, Any]) -> Search:
    async def ask(question: str) -> list[Found]:
        query = Query(text=question, base_ids=(base.base_id,), limit=RESULTS, **options)
        results = await search(product.works, product.scope, query)
        return [Found(base.names[result.document_id], result.start, result.end) for result in results]

    return ask


def _variants(corpus: Corpus) -> list[Corpus]:
    """A set of conversations is asked three ways: the last turn, all turns of the user, and as a bot would ask."""
    if not corpus.has_history:
        return [corpus]

    def asked(name: str, text_of: Callable[[Question], str]) -> Corpus:
        questions = tuple(replace(question, text=text_of(question)) for question in corpus.questions)
        return replace(corpus, name=f"{corpus.name} ({name})", questions=questions)

    return [
        asked("last turn", lambda question: question.text),
        asked("all turns", lambda question: "\n".join([*_earlier(question), question.text])),
        asked("rewritten", lambda question: stand_alone(question.text, question.history)),
    ]


def _earlier(question: Question) -> list[str]:
    return [turn.content for turn in question.history if turn.role == "user"]


async def _measure(corpus: Corpus, system: str, ask: Search) -> Row:
    rankings, seconds = [], []
    for question in corpus.questions:
        started = time.perf_counter()
        rankings.append(await ask(question.text))
        seconds.append(time.perf_counter() - started)
    median = sorted(seconds)[len(seconds) // 2]
    return Row(corpus.name, system, len(rankings), judge(corpus, rankings), round(median * 1000, 1))


def _merged(rows: list[Row]) -> list[Row]:
    """Collections of one set (`set:collection`) as one row, weighted by their questions."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        whole, _, rest = row.name.partition(":")
        name = f"{whole} {rest[rest.index('(') :]}" if "(" in rest else whole
        groups[name, row.system].append(row)
    return [_mean(name, system, parts) for (name, system), parts in groups.items()]


def _mean(name: str, system: str, parts: list[Row]) -> Row:
    total = sum(part.questions for part in parts)
    figures = {key: sum(part.figures[key] * part.questions for part in parts) / total for key in parts[0].figures}
    return Row(name, system, total, figures, max(part.milliseconds for part in parts))


def table(rows: list[Row]) -> str:
    """The figures as Markdown, a table for each set."""
    lines: list[str] = []
    for name in dict.fromkeys(row.name for row in rows):
        own = [row for row in rows if row.name == name]
        keys = list(own[0].figures)
        lines += [f"### {name}: {own[0].questions} questions", ""]
        lines += ["| system | " + " | ".join(keys) + " |", "|" + "---|" * (len(keys) + 1)]
        lines += [f"| {row.system} | " + " | ".join(f"{row.figures[key]:.3f}" for key in keys) + " |" for row in own]
        lines.append("")
    return "\n".join(lines)


def verdicts(rows: list[Row]) -> str:
    """Hybrid against the best rival and against the mean of BM25 and dense, in what is asked of it on every set."""
    lines = [
        "| set | figure | hybrid | best rival | hybrid ÷ best | hybrid ÷ mean of bm25 and dense |",
        "|" + "---|" * 6,
    ]
    for name in dict.fromkeys(row.name for row in rows):
        own = {row.system: row.figures for row in rows if row.name == name}
        if "hybrid" not in own:
            continue
        for key in dict.fromkeys([next(iter(own["hybrid"])), *COMPARED]):
            rivals = {system: own[system][key] for system in RIVALS_IN.get(key, RIVALS) if key in own.get(system, {})}
            if rivals and key in own["hybrid"]:
                lines.append(_verdict(name, key, own["hybrid"][key], rivals))
    return "\n".join(lines)


def _verdict(name: str, key: str, hybrid: float, rivals: dict[str, float]) -> str:
    best = max(rivals, key=lambda system: rivals[system])
    pair = [rivals[system] for system in ("bm25", "dense") if system in rivals]
    mean = sum(pair) / len(pair) if pair else 0.0
    ratio = f"{hybrid / rivals[best]:.3f}" if rivals[best] else "–"
    over_mean = f"{hybrid / mean:.3f}" if mean else "–"
    if mean * WANTED_OVER_MEAN > 1:
        over_mean += f" (1 would be {1 / mean:.3f})"
    digits = 4 if hybrid < DETAILED_BELOW else 3
    return f"| {name} | {key} | {hybrid:.{digits}f} | {best} {rivals[best]:.{digits}f} | {ratio} | {over_mean} |"


def save(rows: list[Row], folder: Path) -> None:
    """Keep the figures beside the benchmark."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f"# Retrieval\n\n{NOTES}\n\n{verdicts(rows)}\n\n{table(rows)}"
    (folder / "retrieval.md").write_text(text, encoding="utf-8")
    plain = [
        {
            "set": row.name,
            "system": row.system,
            "questions": row.questions,
            **{key: round(value, 4) for key, value in row.figures.items()},
        }
        for row in rows
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in plain)
    (folder / "retrieval.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of sets")
    parser.add_argument("--sets", default="", help="only sets whose names contain one of these, separated by commas")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="systems, separated by commas")
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_QUESTIONS} questions of each set")
    parser.add_argument("--save", type=Path, help="folder for retrieval.md and retrieval.json")
    chosen = parser.parse_args(arguments)
    set_up_logging("ERROR")
    corpora = [corpus for corpus in find_corpora(chosen.data) if _is_wanted(corpus.name, chosen.sets)]
    if not corpora:
        parser.error(f"no set of a known format in {chosen.data}")
    if chosen.quick:
        corpora = [_thinned(corpus) for corpus in corpora]
    rows = asyncio.run(run(corpora, tuple(chosen.systems.split(","))))
    print(table(rows))
    print(verdicts(rows))
    if chosen.save:
        save(rows, chosen.save)


def _is_wanted(name: str, wanted: str) -> bool:
    return not wanted or any(part in name for part in wanted.split(","))


def _thinned(corpus: Corpus) -> Corpus:
    step = max(1, len(corpus.questions) // QUICK_QUESTIONS)
    return replace(corpus, questions=corpus.questions[::step])


if __name__ == "__main__":
    main()
