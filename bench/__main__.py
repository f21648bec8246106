"""All benchmarks with small defaults: `python -m bench`, or `make bench`."""

import argparse
from pathlib import Path

from bench import ingestion, latency, retrieval
from bench.retrieval import DEFAULT_DATA

# A store without a server, on few chunks; `python -m bench.latency` measures all of them.
QUICK_LATENCY = ["--chunks", "5000", "--searches", "30", "--stores", "faiss"]


def main() -> None:
    """Run ingestion of a few hundred documents, latency on a small base, and retrieval on a part of each set."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of sets")
    parser.add_argument("--full", action="store_true", help="every question, 1,000 documents, 50,000 chunks")
    chosen = parser.parse_args()
    shared = ["--data", str(chosen.data)]
    ingestion.main([*shared, "--documents", "1000" if chosen.full else "300"])
    latency.main([] if chosen.full else QUICK_LATENCY)
    if chosen.data.is_dir():
        retrieval.main(shared if chosen.full else [*shared, "--quick"])
    else:
        print(f"No test sets in {chosen.data}: retrieval is not measured.")


if __name__ == "__main__":
    main()
