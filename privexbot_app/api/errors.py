"""Error kind → status and RFC 9457 problem body. Total: every kind has a status, every exception has a body."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from privexbot_app.api.allowances import full_headers
from privexbot_app.api.openai_shapes import error_response
from privexbot_app.kit.errors import ErrorKind, PrivexError, RateLimitedError
from privexbot_app.kit.logging import bound, get_logger
from privexbot_app.kit.redis import REDIS_DOWN

log = get_logger(__name__)

STATUS: dict[ErrorKind, int] = {
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.INVALID: 422,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.QUOTA_EXCEEDED: 402,
    ErrorKind.RATE_LIMITED: 429,
    ErrorKind.UPSTREAM_FAILED: 502,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.INTERNAL: 500,
}
TITLE: dict[int, str] = {
    400: "Bad request",
    401: "Not signed in",
    402: "Quota exceeded",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Invalid input",
    429: "Too many requests",
    500: "Internal error",
    502: "Another service failed",
    503: "Not available",
}
OUR_FAULT = "Something went wrong on our side. The request id helps us find it."
Answer = Callable[[Request, Exception], Awaitable[JSONResponse]]
HTTP_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class ProblemResponse(JSONResponse):
    """A body of type application/problem+json."""

    media_type = "application/problem+json"


def add_error_handlers(app: FastAPI) -> None:
    """Have every exception answered with a problem body."""
    app.add_exception_handler(PrivexError, _in_shape(_answer_ours))
    app.add_exception_handler(RequestValidationError, _in_shape(_answer_validation))
    app.add_exception_handler(HTTPException, _in_shape(_answer_http))
    for down in REDIS_DOWN:
        app.add_exception_handler(down, _in_shape(_answer_redis))
    app.add_exception_handler(Exception, _in_shape(_answer_unknown))


def _in_shape(answer: Callable[[Request, Exception], Awaitable[ProblemResponse]]) -> Answer:
    """The answer as the client of the route reads it: OpenAI's under /v1, a problem body elsewhere."""

    async def answer_in_shape(request: Request, error: Exception) -> JSONResponse:
        told = await answer(request, error)
        return error_response(told) if request.url.path.startswith("/v1/") else told

    return answer_in_shape


def problem(status: int, code: str, detail: str, **extensions: Any) -> ProblemResponse:
    """A problem response. `extensions` are further members of the body."""
    body = {"type": "about:blank", "title": TITLE.get(status, "Error"), "status": status, "code": code}
    request_id = bound("request_id")
    return ProblemResponse({**body, "detail": detail, "request_id": request_id, **extensions}, status_code=status)


def problem_of(error: PrivexError) -> ProblemResponse:
    """The response that tells one of our errors."""
    extensions: dict[str, Any] = dict(getattr(error, "extensions", {}))
    if error.problems:
        extensions["errors"] = [
            {"field": issue.field, "code": issue.code, "message": issue.message} for issue in error.problems
        ]
    response = problem(STATUS[error.kind], error.code, error.message, **extensions)
    if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
        response.headers["Retry-After"] = str(seconds)
    if isinstance(error, RateLimitedError) and error.limit_events:
        response.headers.update(full_headers(error))
    if error.kind is ErrorKind.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def _answer_ours(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, PrivexError)
    level = log.error if STATUS[error.kind] >= 500 else log.info
    level("request.failed", code=error.code, path=request.url.path, cause=repr(error.__cause__), **error.context)
    return problem_of(error)


async def _answer_validation(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    issues = [
        {
            "field": ".".join(str(part) for part in issue["loc"] if part not in {"body", "query", "path"}),
            "code": issue["type"],
            "message": issue["msg"],
        }
        for issue in error.errors()
    ]
    # An id that cannot be one of ours is an id of nothing.
    if any(issue["loc"][:1] == ("path",) for issue in error.errors()):
        return problem(404, "not_found", "There is no such thing here.")
    if any(issue["code"] == "json_invalid" for issue in issues):
        return problem(400, "malformed_json", "The body is not valid JSON.")
    return problem(422, "validation_failed", "Some fields are not right.", errors=issues)


async def _answer_http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, PrivexError):
        return await _answer_ours(request, error.__cause__)  # FastAPI wraps what goes wrong while a body is read
    response = problem(error.status_code, HTTP_CODES.get(error.status_code, "http_error"), str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def _answer_redis(request: Request, error: Exception) -> ProblemResponse:
    log.error("redis.unreachable", path=request.url.path, error=type(error).__name__)
    return problem(503, "redis_unavailable", "A part of this installation is restarting. Please try again.")


async def _answer_unknown(request: Request, error: Exception) -> ProblemResponse:
    log.error("request.crashed", path=request.url.path, exc_info=error)
    return problem(500, "internal", OUR_FAULT)
