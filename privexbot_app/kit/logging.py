"""JSON logs: events in dotted past tense, with the ids that were bound at the door.

    log = get_logger(__name__)
    log.info("document.indexed", document_id=…, chunks=84, seconds=2.1)

Never a secret, never a visitor's words: keys that look like either are masked on the way out.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_KEYS = re.compile(r"password|secret|token|authorization|cookie|api_key|signature", re.IGNORECASE)
SECRET_TEXT = re.compile(r"(?i)(cookie|authorization)(['\"]?\s*[:=]\s*['\"]?)[^'\"\n]+")
COUNTS = frozenset({"prompt_tokens", "completion_tokens", "token_count", "max_tokens"})


def set_up_logging(level: str = "INFO") -> None:
    """Send every log line, ours and the libraries', to standard error as one JSON object."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "chromadb", "rq.worker", "urllib3", "asyncio", "engineio", "socketio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """A structured logger named after its module."""
    return structlog.stdlib.get_logger(name)


def bind(**facts: object) -> None:
    """Add facts, such as request_id or workspace_id, to every line of the current task."""
    structlog.contextvars.bind_contextvars(**{key: value for key, value in facts.items() if value is not None})


def unbind_all() -> None:
    """Forget what was bound."""
    structlog.contextvars.clear_contextvars()


def bound(name: str) -> str | None:
    """A fact that was bound at the door, e.g. request_id."""
    value = structlog.contextvars.get_contextvars().get(name)
    return None if value is None else str(value)


def mask_secrets(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask values whose key looks secret, and credentials inside library messages."""
    for key, value in event.items():
        if key == "event":
            event[key] = SECRET_TEXT.sub(r"\1\2***", str(value))
        elif SECRET_KEYS.search(key) and key not in COUNTS:
            event[key] = "***"
    return event
