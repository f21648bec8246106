"""HTTP requests of Dify."""

from collections.abc import Mapping, Sequence
from typing import Any

from privexbot_app.flow.formats.dify.references import References
from privexbot_app.flow.formats.drawing import Made, NoEquivalentError, Original
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_text


def http(node: Original, refs: References) -> Made:
    """A key that the file held is not taken over."""
    data = node.settings
    losses: list[str] = []
    if as_dict(data.get("authorization")).get("type") not in (None, "no-auth"):
        losses.append("Its key is not taken over: keep it in the vault and choose it here.")
    config: dict[str, Any] = {
        "method": as_text(data.get("method")).upper() or "GET",
        "url": refs.text(data.get("url")),
        "headers": _lines(data.get("headers"), refs),
        "query": _lines(data.get("params"), refs),
        "on_status": "accept",
    }
    return Made("http_request", config | _body(as_dict(data.get("body")), refs, losses), losses)


def _lines(written: Any, refs: References) -> dict[str, str]:
    """`name:value` line by line."""
    pairs = (line.partition(":") for line in as_text(written).splitlines())
    return {name.strip(): refs.text(value.strip()) for name, colon, value in pairs if colon and name.strip()}


def _body(body: Mapping[str, Any], refs: References, losses: list[str]) -> dict[str, Any]:
    type, data = as_text(body.get("type")), body.get("data")
    pairs: Sequence[Mapping[str, Any]] = [as_dict(one) for one in as_list(data)]
    match type:
        case "" | "none":
            return {}
        case "form-data" | "x-www-form-urlencoded":
            if type == "form-data":
                losses.append("Its form is sent URL-encoded here.")
            form = {as_text(one.get("key")): refs.text(one.get("value")) for one in pairs if one.get("key")}
            return {"body_type": "form", "form": form or _lines(data, refs)}
        case "json" | "raw-text":
            text = "".join(as_text(one.get("value")) for one in pairs) if pairs else as_text(data)
            return {"body_type": "json" if type == "json" else "text", "body": refs.text(text)}
    raise NoEquivalentError(f"A body of the type “{type}” cannot be sent here.")
