"""What is wrong with a request is said in a stable code, never by a 500; what is merely odd is kept unchanged."""

import base64
import io
import json
import math
import zipfile
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from privexbot_app.domains.knowledge.service import KnowledgeService
from tests.api.test_story import make_base
from tests.domains.test_conversations import FREE
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed

KB, BOTS = "/api/v1/kb", "/api/v1/chatbots"
JSON = {"Content-Type": "application/json"}


def archive(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()


def bomb() -> bytes:
    return archive(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b" " * 30_000_000})


@pytest.fixture
async def small(tmp_path, redis_url) -> AsyncIterator[tuple[Installation, Person]]:
    """An installation that takes files of one megabyte, and its owner."""
    async with installed(tmp_path, redis_url, max_upload_megabytes=1) as installation:
        yield installation, await installation.register("ann")


async def draft_of(installation: Installation, person: Person) -> str:
    response = await installation.http.post(f"{KB}/draft", json={"name": "x"}, headers=person.headers)
    return f"{KB}/draft/{response.json()['draft_id']}"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.txt", b"", "empty_document"),
        ("blank.md", b" \n\n ", "empty_document"),
        ("empty.pdf", b"", "empty_document"),
        ("garbage.pdf", b"%PDF-1.7 garbage", "corrupt_document"),
        ("text.pdf", b"just words", "format_mismatch"),
        ("cut.docx", archive(**{"word/document.xml": b"<x/>" * 500})[:200], "corrupt_document"),
        ("bomb.docx", bomb(), "archive_too_large"),
        ("program.exe", b"MZ\x90\x00", "unsupported_format"),
        ("no extension", b"words", "unsupported_format"),
        ("picture.png", b"\x89PNG\r\n\x1a\n", "scanned_document"),
    ],
)
async def test_a_file_that_cannot_be_read_is_a_failed_source_with_its_code(installation, ann, name, content, code):
    draft = await draft_of(installation, ann)
    response = await installation.http.put(f"{draft}/sources", files=[("files", (name, content))], headers=ann.headers)
    assert response.status_code == 200, response.text
    [source] = response.json()["sources"]
    assert (source["status"], source["error"]["code"]) == ("failed", code)
    assert source["error"]["message"][-1] == "."
    finalized = await installation.http.post(f"{draft}/finalize", headers=ann.headers)
    assert (finalized.status_code, finalized.json()["code"]) == (422, "draft_incomplete")


async def test_the_same_file_given_to_a_finished_base_is_a_failed_document(installation, ann):
    base_id = await make_base(installation, ann)
    response = await installation.http.post(
        f"{KB}/{base_id}/documents", files=[("files", ("bomb.docx", bomb()))], headers=ann.headers
    )
    document_id = response.json()["documents"][0]["document_id"]
    document = (await installation.http.get(f"{KB}/{base_id}/documents/{document_id}", headers=ann.headers)).json()
    assert (document["status"], document["error"]["code"]) == ("failed", "archive_too_large")
    base = (await installation.http.get(f"{KB}/{base_id}", headers=ann.headers)).json()
    assert (base["status"], base["documents"]["failed"]) == ("partial", 1)


async def test_an_encrypted_file_says_so(installation, ann, data):
    content = (data / "documents/files/nasty/unst__password.pdf").read_bytes()
    draft = await draft_of(installation, ann)
    files = [("files", ("secret.pdf", content)), ("files", ("fine.txt", b"The harbour is open."))]
    response = await installation.http.put(f"{draft}/sources", files=files, headers=ann.headers)
    sources = response.json()["sources"]
    assert [source["status"] for source in sources] == ["failed", "ready"]
    assert sources[0]["error"]["code"] == "encrypted_document"


async def test_a_file_over_the_limit_is_refused_and_so_is_a_request_that_never_ends(small):
    installation, ann = small
    draft = await draft_of(installation, ann)
    for size, code in ((1_000_001, "file_too_large"), (4_000_000, "too_large")):
        files = [("files", ("big.txt", b"x" * size))]
        response = await installation.http.put(f"{draft}/sources", files=files, headers=ann.headers)
        assert (response.status_code, response.json()["code"]) == (413, code)

    async def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 100_000

    headers = {**ann.headers, "Content-Type": "multipart/form-data; boundary=b"}
    response = await installation.http.put(f"{draft}/sources", content=endless(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("multipart/form-data; boundary=b", b"--b--\r\n", 422, "no_files"),
        ("multipart/form-data; boundary=b", b"garbage", 400, "bad_request"),
        ("multipart/form-data", b"garbage", 400, "bad_request"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nx\r\n--b--\r\n',
            422,
            "no_files",
        ),
        ("application/json", b"", 400, "malformed_json"),
        ("application/json", b"{", 400, "malformed_json"),
        ("application/json", b"\xff", 400, "malformed_json"),
        ("application/json", b"[]", 422, "validation_failed"),
        ("application/json", b'{"type": "carrier pigeon"}', 422, "validation_failed"),
        ("application/json", b'{"type": "text", "title": "", "content": ""}', 422, "validation_failed"),
        ("application/json", b'{"type": "url", "url": 7}', 422, "validation_failed"),
        ("application/json", b'{"type": "url", "url": "http://127.0.0.1/"}', 422, "url_not_allowed"),
        ("application/json", b'{"type": "url", "url": "http://169.254.169.254/latest"}', 422, "url_not_allowed"),
        ("application/json", b'{"type": "url", "url": "file:///etc/passwd"}', 422, "url_not_allowed"),
        ("application/json", b'{"type": "url", "url": "http://["}', 422, "url_not_allowed"),
        ("application/json", b'{"type": "te\\ud800xt"}', 400, "malformed_json"),
        ("text/plain", b"hello", 400, "malformed_json"),
    ],
)
async def test_sources_that_are_wrong_are_refused_by_name(installation, ann, content_type, body, status, code):
    draft, base_id = await draft_of(installation, ann), await make_base(installation, ann)
    headers = {**ann.headers, "Content-Type": content_type}
    for method, path in (("PUT", f"{draft}/sources"), ("POST", f"{KB}/{base_id}/documents")):
        response = await installation.http.request(method, path, content=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (status, code), response.text
        assert response.headers["content-type"] == "application/problem+json"


async def test_hostile_file_names_are_names_and_nothing_else(installation, ann):
    draft = await draft_of(installation, ann)
    names = [
        "../../etc/passwd.txt",
        "C:\\temp\\a.txt",
        "a\x01b.txt",
        "<img src=x>.txt",
        "é退🙂.txt",
        f"{'x' * 400}.txt",
        " .txt",
    ]
    for name in names:
        files = [("files", (name, b"The harbour is open."))]
        response = await installation.http.put(f"{draft}/sources", files=files, headers=ann.headers)
        [source] = response.json()["sources"]
        assert "/" not in source["name"]
        assert "\\" not in source["name"]
        assert len(source["name"]) <= 255
    assert (await installation.http.post(f"{draft}/finalize", headers=ann.headers)).status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{KB}/draft", {}),
        ("POST", f"{KB}/draft", {"name": " "}),
        ("POST", f"{KB}/draft", {"name": 7}),
        ("POST", f"{KB}/draft", {"name": "x", "settings": {"chunking": {"strategy": "nobody"}}}),
        ("POST", f"{KB}/draft", {"name": "x", "settings": {"chunking": {"options": {"size_tokens": -1}}}}),
        ("POST", f"{KB}/draft", {"name": "x", "settings": {"embedding": "nobody"}}),
        ("POST", f"{KB}/draft", {"name": "x", "settings": {"vector_store": "nobody"}}),
        ("POST", f"{KB}/draft", {"name": "x", "settings": {"retrieval": {"limit": 10**40}}}),
        ("POST", f"{BOTS}/draft", {"version": "x"}),
        ("POST", f"{BOTS}/draft", []),
        ("POST", f"{BOTS}/draft", None),
        ("POST", "/api/v1/auth/switch", {"workspace_id": "x"}),
        ("GET", f"{KB}?limit=0", None),
        ("GET", f"{KB}?limit=99999999999999999999", None),
        ("GET", f"{KB}?cursor=nonsense", None),
        ("GET", f"{KB}?cursor=%00", None),
    ],
)
async def test_values_of_the_wrong_kind_are_refused(installation, ann, method, path, body):
    content = json.dumps(body) if method == "POST" else None
    response = await installation.http.request(method, path, content=content, headers={**ann.headers, **JSON})
    assert response.status_code == 422, response.text
    assert response.json()["code"]


async def test_numbers_too_large_for_a_database_are_refused(installation, ann):
    base_id = await make_base(installation, ann)
    documents = (await installation.http.get(f"{KB}/{base_id}/documents", headers=ann.headers)).json()["items"]
    path = f"{KB}/{base_id}/documents/{documents[0]['document_id']}/chunks"
    for offset in (10**9, 10**30):
        response = await installation.http.get(path, params={"offset": offset}, headers=ann.headers)
        assert response.status_code == 422


async def test_known_json_bodies_are_taken_or_refused_and_never_a_crash(installation, ann, data):
    cases = json.loads((data / "robustness/jsontestsuite/jsontestsuite_parsing.json").read_text())
    draft = await draft_of(installation, ann)
    bot = (await installation.http.post(f"{BOTS}/draft", json={}, headers=ann.headers)).json()["draft_id"]
    headers = {**ann.headers, **JSON}
    for case in cases:
        body = base64.b64decode(case["b64"])
        for method, path, wrapped in (
            ("POST", f"{BOTS}/draft", body),
            ("PUT", f"{draft}/sources", body),
            ("PUT", f"{BOTS}/draft/{bot}", b'{"name": ' + body + b"}"),
            ("POST", f"{KB}/draft", b'{"name": "x", "settings": {"chunking": {"options": {"x": ' + body + b"}}}}"),
        ):
            response = await installation.http.request(method, path, content=wrapped, headers=headers)
            assert response.status_code < 500, (case["name"], path, response.text)
            if case["expect"] == "reject" and wrapped is body:
                assert response.status_code in (400, 422), (case["name"], path)


@ON_BOTH_DATABASES
async def test_numbers_that_are_none_are_refused_or_kept_as_nothing(installation, ann):
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        body = f'{{"name": "x", "llm": {{"temperature": {number}}}}}'
        response = await installation.http.post(f"{BOTS}/draft", content=body, headers={**ann.headers, **JSON})
        assert response.status_code in (400, 422), (number, response.text)


@ON_BOTH_DATABASES
async def test_naughty_strings_come_back_as_they_went_in(installation, ann, data):
    strings = [text for text in json.loads((data / "i18n/blns/blns.json").read_text()) if text.strip()]
    base_id = await make_base(installation, ann)
    bot = (await installation.http.post(f"{BOTS}/draft", json={"name": "x"}, headers=ann.headers)).json()
    path = f"{BOTS}/draft/{bot['draft_id']}"
    # One request each would take minutes, so several of them travel together.
    for start in range(0, len(strings), 12):
        text = "\n".join(strings[start : start + 12])[:1000]
        response = await installation.http.put(path, json={"greeting": text}, headers=ann.headers)
        assert response.json()["config"]["greeting"] == text
    whole = "\n".join(strings)
    fields = {"name": strings[7][:80], "knowledge_bases": [{"kb_id": base_id}], "system_prompt": whole[:20_000], **FREE}
    await installation.http.put(path, json=fields, headers=ann.headers)
    deployed = await installation.http.post(f"{path}/deploy", headers=ann.headers)
    assert deployed.status_code == 201, deployed.text
    bot_id = deployed.json()["bot_id"]
    kept = (await installation.http.get(f"{BOTS}/{bot_id}", headers=ann.headers)).json()
    assert (kept["name"], kept["config"]["system_prompt"]) == (fields["name"].strip(), whole[:20_000])
    session = None
    size = math.ceil(len(strings) / 20)
    for start in range(0, len(strings), size):
        message = "\n".join(strings[start : start + size])[:8000].strip()
        answer = await installation.http.post(
            f"/api/v1/bots/{bot_id}/chat", json={"message": message, "session_id": session}
        )
        assert answer.status_code == 200, answer.text
        session = answer.json()["session_id"]
        history = await installation.http.get(f"/api/v1/bots/{bot_id}/history", params={"session_id": session})
        assert history.json()["items"][-2]["content"] == message


@ON_BOTH_DATABASES
async def test_names_of_bases_and_workspaces_are_kept_unless_a_database_cannot_keep_them(installation, ann):
    for name in (
        "<script>alert(1)</script>",
        "'; DROP TABLE x; --",
        "退款 🙂",
        "a\u200bb",
        "‮right",
        "\\x00 %00 \\u0000",
    ):
        response = await installation.http.post("/api/v1/workspaces", json={"name": name}, headers=ann.headers)
        assert (response.status_code, response.json().get("name")) == (201, name)
    for name in ("a\x00b", "half \ud83d"):
        body = json.dumps({"name": name})
        response = await installation.http.post("/api/v1/workspaces", content=body, headers={**ann.headers, **JSON})
        assert response.status_code == 422, response.text
        assert response.json()["code"] in ("unstorable_text", "validation_failed")


@ON_BOTH_DATABASES
async def test_a_draft_with_text_that_cannot_be_kept_is_refused_before_it_is_deployed(installation, ann):
    base_id = await make_base(installation, ann)
    for field in ("name", "greeting", "system_prompt", "description"):
        body = {"name": "x", "knowledge_bases": [{"kb_id": base_id}], field: "a\x00b"}
        draft = await installation.http.post(f"{BOTS}/draft", json=body, headers=ann.headers)
        assert (draft.status_code, draft.json()["code"]) == (422, "unstorable_text"), field
    draft = await installation.http.post(f"{KB}/draft", json={"name": "a\x00b"}, headers=ann.headers)
    assert (draft.status_code, draft.json()["code"]) == (422, "unstorable_text")


async def test_unknown_paths_and_methods_are_problems_too(installation):
    for method, path, status, code in (
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("DELETE", "/api/v1/auth/login", 405, "method_not_allowed"),
        ("GET", f"/api/v1/bots/{uuid4()}/config", 404, "bot_not_found"),
    ):
        response = await installation.http.request(method, path)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.json()["request_id"] == response.headers["x-request-id"]


async def test_a_mistake_of_ours_tells_the_caller_nothing_but_the_request_id(installation, ann, monkeypatch):
    async def fail(self, *arguments):
        raise ZeroDivisionError("password=hunter2 at 10.0.0.7")

    monkeypatch.setattr(KnowledgeService, "list_bases", fail)
    response = await installation.http.get(KB, headers={**ann.headers, "X-Request-Id": "my-request-1"})
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert response.json()["request_id"] == "my-request-1"
    assert "hunter2" not in response.text


async def test_without_redis_the_api_says_that_a_part_is_missing(tmp_path, redis_url):
    async with installed(tmp_path / "data", f"unix://{tmp_path}/nobody.sock") as installation:
        body = {"email": "a@example.com", "password": "a long enough password"}
        response = await installation.http.post("/api/v1/auth/register", json=body)
        assert (response.status_code, response.json()["code"]) == (503, "redis_unavailable")
        ready = await installation.http.get("/readyz")
        assert (ready.status_code, set(ready.json()["failed"])) == (503, {"redis"})
        assert (await installation.http.get("/healthz")).status_code == 200
