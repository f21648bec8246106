"""Error kind → what a person sees. Total: Reflex hands every exception of an event handler to `tell`."""

from typing import Any

import reflex as rx

from privexbot_app.kit.errors import ErrorKind, PrivexError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.redis import REDIS_DOWN
from privexbot_app.ui import routes

log = get_logger(__name__)

OUR_FAULT = "Something went wrong on our side. Please try again."
RESTARTING = "A part of this installation is restarting. Please try again in a moment."
TITLES: dict[ErrorKind, str] = {
    ErrorKind.NOT_FOUND: "Not found",
    ErrorKind.CONFLICT: "Changed in the meantime",
    ErrorKind.INVALID: "Please check",
    ErrorKind.TOO_LARGE: "Too large",
    ErrorKind.FORBIDDEN: "Not allowed",
    ErrorKind.UNAUTHENTICATED: "Signed out",
    ErrorKind.QUOTA_EXCEEDED: "Limit reached",
    ErrorKind.RATE_LIMITED: "Too fast",
    ErrorKind.UPSTREAM_FAILED: "Another service failed",
    ErrorKind.UNAVAILABLE: "Not available",
    ErrorKind.INTERNAL: "Our mistake",
}


def tell(error: Exception) -> Any:
    """What the page does about an exception: a toast, or the way to the sign-in page."""
    if isinstance(error, PrivexError):
        log.info("event.failed", code=error.code, **error.context)
        if error.kind is ErrorKind.UNAUTHENTICATED:
            return rx.redirect(routes.sign_in())
        return rx.toast.error(TITLES[error.kind], description=message_of(error))
    if isinstance(error, REDIS_DOWN):
        log.error("redis.unreachable", error=type(error).__name__)
        return rx.toast.error("One moment", description=RESTARTING)
    log.error("event.crashed", exc_info=error)
    return rx.toast.error("Our mistake", description=OUR_FAULT)


def message_of(error: PrivexError) -> str:
    """The sentence of an error, with its fields' sentences where it has some."""
    return " ".join([error.message, *(problem.message for problem in error.problems)])


def by_field(error: PrivexError) -> dict[str, str]:
    """The first message of each field, for forms."""
    messages: dict[str, str] = {}
    for problem in error.problems:
        messages.setdefault(problem.field, problem.message)
    return messages
