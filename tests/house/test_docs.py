"""The manual is under test: what the code knows and the pages forget fails here."""

import re
from pathlib import Path

from docs import flow_schema, nodes
from docs.generate import PAGE, render_settings
from privexbot_app.bootstrap import discover
from privexbot_app.domains.tenancy.permissions import ADMIN

ROOT = Path(__file__).parents[2]


def test_the_settings_page_is_what_the_code_says():
    assert PAGE.read_text() == render_settings(), "run: python -m docs.generate"


def test_the_page_of_node_types_is_what_the_code_says():
    discover()
    assert nodes.PAGE.read_text() == nodes.render_nodes(), "run: python -m docs.generate"


def test_the_schema_of_flow_files_is_what_the_code_says():
    assert flow_schema.PAGE.read_text() == flow_schema.render_schema(), "run: python -m docs.generate"


def test_every_setting_is_described():
    rows = [line for line in render_settings().splitlines() if line.startswith("| `PRIVEXBOT_")]
    assert rows
    undescribed = [row for row in rows if row.rstrip().endswith("|  |")]
    assert undescribed == []


def test_links_between_pages_lead_somewhere():
    broken = []
    pages = [ROOT / "README.md", ROOT / "widget" / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_permission_is_in_the_table_of_its_module():
    text = (ROOT / "privexbot_app/domains/tenancy/permissions.py").read_text().split('"""')[1]
    assert [name for name in sorted(ADMIN) if name not in text] == []
