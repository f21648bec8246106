"""Every Dify and Flowise file of the test data: nothing is dropped, losses are named, exports read back the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.flow_file import BotSpec
from privexbot_app.flow.formats.base import ImportedFlow, read_flow
from privexbot_app.flow.formats.own import FlowExport, write_flow

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "dsl"
FILES = sorted([*DATA.glob("dify/*.yml"), *DATA.glob("flowise/*/*.json")])
pytestmark = pytest.mark.skipif(not FILES, reason="the test data is not here")


def counts_of(path: Path) -> dict[str, Any]:
    folder = path.parents[0] if path.suffix == ".yml" else path.parents[1]
    rows = json.loads((folder / "index.json").read_text())["files"]
    return next(row for row in rows if row["file"] == path.relative_to(folder).as_posix())


def export(flow: ImportedFlow) -> str:
    bot = BotSpec(
        name=flow.name,
        description=flow.description,
        greeting=flow.greeting,
        suggested_questions=list(flow.suggested_questions),
    )
    return write_flow(FlowExport(flow.graph, bot))


def test_the_test_data_is_whole():
    assert len(FILES) == 62


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nodes_and_edges_are_kept_and_losses_named_one_by_one(path: Path):
    flow, counts = read_flow(path.read_text(encoding="utf-8")), counts_of(path)
    report = flow.report
    assert (report.nodes, report.edges) == (counts["nodes"], counts["edges"])
    assert len(flow.graph.nodes) + len(flow.graph.comments) == counts["nodes"] + report.added
    assert len(flow.graph.edges) >= counts["edges"]
    assert report.kept + report.replaced + len(report.unsupported) == report.nodes
    placeholders = [node for node in flow.graph.nodes if node.type == "unsupported"]
    blocking = [node for node in placeholders if not node.config["taken_over_by"]]
    assert [loss.id for loss in report.unsupported] == list(dict.fromkeys(loss.id for loss in report.unsupported))
    assert len(blocking) == len(report.unsupported)
    assert all(loss.reason and loss.type for loss in (*report.unsupported, *report.changed))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_exported_reads_back_as_the_same_bytes(path: Path):
    first = export(read_flow(path.read_text(encoding="utf-8")))
    again = read_flow(first)
    assert export(again) == first
    assert again.graph == read_flow(path.read_text(encoding="utf-8")).graph


# What an import cannot decide: which knowledge base, and code that is written with braces of a template.
LEFT_TO_PEOPLE = {"unsupported_node", "knowledge_base_missing", "code_reference"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_what_the_report_names_keeps_an_import_from_going_live(path: Path):
    flow = read_flow(path.read_text(encoding="utf-8"))
    errors = {problem.code for problem in check(flow.graph) if problem.severity == "error"}
    assert errors <= LEFT_TO_PEOPLE


def test_no_secret_of_a_file_is_taken_over():
    for path in FILES:
        if "EXAMPLE_API_KEY" in path.read_text(encoding="utf-8"):
            assert "EXAMPLE_API_KEY" not in export(read_flow(path.read_text(encoding="utf-8")))
