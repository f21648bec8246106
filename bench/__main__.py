"""All benchmarks with small defaults: `python -m bench`, or `make bench`."""

import argparse
from pathlib import Path

from bench import ingestion, retrieval
from bench.retrieval import DEFAULT_DATA


def main() -> None:
    """Run retrieval on a part of each set, and ingestion of a few hundred documents."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of sets")
    parser.add_argument("--full", action="store_true", help="every question, 1,000 documents")
    chosen = parser.parse_args()
    shared = ["--data", str(chosen.data)]
    ingestion.main([*shared, "--documents", "1000" if chosen.full else "300"])
    if chosen.data.is_dir():
        retrieval.main(shared if chosen.full else [*shared, "--quick"])
    else:
        print(f"No test sets in {chosen.data}: retrieval is not measured.")


if __name__ == "__main__":
    main()
