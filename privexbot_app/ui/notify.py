"""Error kind → what a person sees. Total: Reflex hands every exception of an event handler to `tell`."""

import reflex as rx
from pydantic import ValidationError
from reflex.event import EventSpec

from privexbot_app.kit.errors import ErrorKind, PrivexError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.redis import REDIS_DOWN

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


def tell(exception: Exception) -> EventSpec | None:
    """What the page does about an exception: a toast, or the way to the sign-in page. Reflex checks this signature."""
    if isinstance(exception, PrivexError):
        log.info("event.failed", code=exception.code, **exception.context)
        if exception.kind is ErrorKind.UNAUTHENTICATED:
            return rx.call_script("window.privexbot.signIn()")
        return rx.toast.error(TITLES[exception.kind], description=message_of(exception))
    if isinstance(exception, ValidationError):
        # What a person typed goes through the same models as the API's bodies.
        wrong = exception.errors(include_url=False, include_input=False)[0]
        name = str(wrong["loc"][-1]).replace("_", " ").capitalize() if wrong["loc"] else "Input"
        log.info("event.failed", code="validation_failed", field=name, problem=wrong["type"])
        return rx.toast.error(TITLES[ErrorKind.INVALID], description=f"{name}: {wrong['msg']}.")
    if isinstance(exception, REDIS_DOWN):
        log.error("redis.unreachable", error=type(exception).__name__)
        return rx.toast.error("One moment", description=RESTARTING)
    log.error("event.crashed", exc_info=exception)
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
