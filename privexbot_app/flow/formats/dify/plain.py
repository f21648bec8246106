"""Dify's apps without a canvas: one prompt, some documents, some tools. They become a flow of two or three nodes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from privexbot_app.flow.formats.drawing import Drawing, Made, Original
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_text

TOOLS = "Tools of Dify's marketplace are not part of this installation; an HTTP request may do the same."
_FIELD = re.compile(r"\{\{\s*([A-Za-z_]\w{0,63})\s*\}\}")
BOX = 320


def draw_plain(drawing: Drawing, mode: str, config: Mapping[str, Any]) -> None:
    """Start → a model, or an answer from documents; tools stay beside it as placeholders."""
    start = drawing.add("start", Made("trigger"), x=0, y=0)
    prompt = _FIELD.sub(lambda match: f"{{{{{start}.data.{match[1]}}}}}", as_text(config.get("pre_prompt")))
    model = as_dict(config.get("model"))
    params = as_dict(model.get("completion_params"))
    settings = {
        "temperature": min(max(as_number(params.get("temperature"), 0.2), 0), 2),
        "max_tokens": min(max(int(as_number(params.get("max_tokens"), 2000)), 1), 32_000),
    }
    losses = [f"The model of this installation answers in place of “{as_text(model.get('name'))}”."]
    losses += [f"Its field “{name}” is not shown: send it as `data` of the first message." for name in _fields(config)]
    sets = list(_data_sets(config))
    if sets:
        losses.append(f"Choose knowledge bases of this workspace in place of its {len(sets)} data sets.")
        made = Made("answer", {**settings, "persona": prompt, "grounding": "guided"}, losses)
    elif mode == "completion":
        query = "{{" + f"{start}.data.query" + "}}" if "query" in _fields(config) else "{{sys.message}}"
        made = Made("llm", {**settings, "prompt": prompt or query, "history": 0}, losses)
    else:
        made = Made("llm", {**settings, "system": prompt}, losses)
    original = Original("model_config", mode, "Answer", config, x=BOX)
    drawing.announce(original.id, "answer")
    drawing.connect(start, "out", drawing.place(original, made), is_of_file=False)
    for number, tool in enumerate(_tools(config)):
        drawing.announce(tool.id, tool.title)
        drawing.hold(Original(tool.id, tool.type, tool.title, tool.settings, x=BOX, y=160 * (number + 1)), TOOLS)


def _fields(config: Mapping[str, Any]) -> list[str]:
    """Names of the form's fields; each entry is an object under the name of its kind."""
    entries = (as_dict(one) for one in as_list(config.get("user_input_form")))
    return [as_text(as_dict(field).get("variable")) for entry in entries for field in entry.values()]


def _data_sets(config: Mapping[str, Any]) -> Iterator[str]:
    found = as_dict(as_dict(config.get("dataset_configs")).get("datasets"))
    for one in map(as_dict, as_list(found.get("datasets"))):
        data_set = as_dict(one.get("dataset"))
        if data_set.get("enabled", True) and data_set.get("id"):
            yield as_text(data_set["id"])


def _tools(config: Mapping[str, Any]) -> Iterator[Original]:
    tools = as_list(as_dict(config.get("agent_mode")).get("tools"))
    for number, tool in enumerate(map(as_dict, tools)):
        if tool.get("enabled", True):
            name = as_text(tool.get("tool_name")) or f"tool {number + 1}"
            yield Original(f"tool:{number}", "tool", as_text(tool.get("tool_label")) or name, tool)
