"""What the benchmarks write down."""

import json
from pathlib import Path

from bench.latency import save
from bench.retrieval import Row, verdicts


def rows(hybrid: float, bm25: float, dense: float) -> list[Row]:
    shares = {"hybrid": hybrid, "bm25": bm25, "dense": dense, "llamaindex-2": 0.99}
    return [
        Row("set", name, 10, {"recall@5000": share, "precision@5000": share, "ndcg@10": share}, 1.0)
        for name, share in shares.items()
    ]


def test_precision_is_not_compared_with_a_system_that_stops_reading_early() -> None:
    lines = verdicts(rows(0.9, 0.7, 0.8)).splitlines()
    assert "| llamaindex-2 0.990 |" in next(line for line in lines if "recall@5000" in line)
    assert "| dense 0.800 |" in next(line for line in lines if "precision@5000" in line)


def test_a_ceiling_that_no_system_can_reach_is_said() -> None:
    assert "1 would be" in verdicts(rows(0.99, 0.97, 0.98))
    assert "1 would be" not in verdicts(rows(0.9, 0.7, 0.8))


def test_figures_of_stores_that_were_not_measured_again_stay(tmp_path: Path) -> None:
    path = tmp_path / "latency.json"
    save({"chunks": 10, "stores": {"a": {"p50_ms": 1}}}, path)
    save({"chunks": 10, "stores": {"b": {"p50_ms": 2}}}, path)
    assert set(json.loads(path.read_text())["stores"]) == {"a", "b"}
    save({"chunks": 20, "stores": {"b": {"p50_ms": 3}}}, path)
    assert set(json.loads(path.read_text())["stores"]) == {"b"}
