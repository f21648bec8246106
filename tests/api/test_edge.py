"""Who a caller is said to be when proxies stand in front."""

import httpx
import pytest

from privexbot_app.api.edge import Edge


async def _say_client(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["client"][0].encode()})


async def _ask(hops: int, forwarded: str | None) -> str:
    edge = Edge(_say_client, max_upload_bytes=1, trusted_proxy_hops=hops)
    transport = httpx.ASGITransport(edge, client=("10.0.0.1", 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        headers = {"x-forwarded-for": forwarded} if forwarded is not None else {}
        return (await http.get("/anything", headers=headers)).text


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "203.0.113.7", "10.0.0.1"),  # nobody is trusted: the header is a visitor's word
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),  # what a visitor wrote comes first and does not count
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (1, "2001:db8::7", "2001:db8::7"),
        (1, None, "10.0.0.1"),
        (1, "nonsense", "10.0.0.1"),
        (3, "203.0.113.7", "10.0.0.1"),
    ],
)
async def test_only_our_own_proxies_are_believed(hops: int, forwarded: str | None, expected: str):
    assert await _ask(hops, forwarded) == expected
