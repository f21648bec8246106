"""What every answer carries, kind by kind; and that a crash shows nothing of itself."""

import httpx
import pytest

from privexbot_app.api.edge import PUBLIC_BODY_BYTES, Edge

SECRET = "postgresql://app:pw@db/internal"


async def _inner(scope, receive, send) -> None:
    if scope["path"].endswith("/crash"):
        raise RuntimeError(SECRET)
    while (await receive()).get("more_body"):
        pass
    headers = [(b"cache-control", b"max-age=60")] if scope["path"].endswith("/cached") else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


async def ask(path: str, *, has_https: bool = False, body: bytes = b"") -> httpx.Response:
    edge = Edge(_inner, max_upload_bytes=1_000_000, has_https=has_https)
    transport = httpx.ASGITransport(edge)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        return await http.post(path, content=body)


PATHS = ["/", "/account", "/_upload", "/assets/entry.js", "/api/v1/kb", "/api/v1/bots/x/config", "/v1/models"]
PATHS += ["/widget.js", "/chat/x", "/healthz", "/api/docs", "/crash", "/api/v1/crash"]


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_has_the_common_headers(path: str):
    headers = (await ask(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    assert "strict-transport-security" in (await ask(path, has_https=True)).headers


@pytest.mark.parametrize("path", ["/", "/account", "/knowledge/x", "/nowhere"])
async def test_the_dashboard_cannot_be_framed_and_loads_nothing_from_elsewhere(path: str):
    headers = (await ask(path)).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/api/v1/kb", "/api/v1/bots/x/chat", "/v1/models", "/version"])
async def test_data_is_neither_run_nor_kept(path: str):
    headers = (await ask(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"


async def test_a_route_that_says_how_long_it_may_be_kept_is_believed():
    assert (await ask("/api/v1/bots/cached")).headers["cache-control"] == "max-age=60"


@pytest.mark.parametrize(
    ("path", "is_open"), [("/api/v1/bots/x/chat", True), ("/widget.js", True), ("/api/v1/kb", False)]
)
async def test_only_public_routes_answer_other_sites(path: str, is_open: bool):
    headers = (await ask(path)).headers
    assert headers.get("access-control-allow-origin") == ("*" if is_open else None)
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("path", ["/crash", "/api/v1/crash", "/api/v1/bots/crash"])
async def test_a_crash_shows_nothing_of_itself(path: str):
    answer = await ask(path)
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    for inside in (SECRET, "RuntimeError", "Traceback", ".py"):
        assert inside not in answer.text


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/bots/x/chat", PUBLIC_BODY_BYTES),
        ("/api/v1/auth/login", PUBLIC_BODY_BYTES),
        ("/api/v1/chatbots", 2_000_000),
    ],
)
async def test_each_class_of_routes_has_its_limit(path: str, limit: int):
    assert (await ask(path, body=b"x" * limit)).status_code == 200
    assert (await ask(path, body=b"x" * (limit + 1))).status_code == 413
