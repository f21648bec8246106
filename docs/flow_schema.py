"""The JSON Schema of flow files, from their type. Written by `python -m docs.generate`."""

import json
from pathlib import Path

from privexbot_app.flow.flow_file import FlowFile

PAGE = Path(__file__).parent / "reference" / "flow.schema.json"


def render_schema() -> str:
    """The whole file."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **FlowFile.model_json_schema(),
        "title": "PrivexBot flow file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
