"""A bot's own page and the page for a frame: what they show, to whom, and under which policy."""

import pytest

from tests.api.test_story import make_bot
from tests.domains.test_conversations import FREE
from tests.installation import Installation, Person

PASSWORD = "low tide"


@pytest.fixture
def deploy(installation: Installation, ann: Person):
    async def make(**config: object) -> str:
        return (await make_bot(installation, ann, "", knowledge_bases=[], **FREE, **config))["bot_id"]

    return make


async def test_the_page_has_its_title_logo_and_language(installation: Installation, deploy):
    page = {"title": "Harbour <desk>", "logo_url": "https://cdn.example.com/logo.png", "is_listed": True}
    bot_id = await deploy(page=page, appearance={"language": "he"})
    answer = await installation.http.get(f"/chat/{bot_id}")
    assert answer.status_code == 200
    assert "<h1>Harbour &lt;desk&gt;</h1>" in answer.text
    assert '<img src="https://cdn.example.com/logo.png" alt="">' in answer.text
    assert '<html lang="he">' in answer.text
    assert "noindex" not in answer.text


async def test_a_page_is_kept_from_search_engines_unless_its_owner_wants_it(installation: Installation, deploy):
    assert '<meta name="robots" content="noindex">' in (await installation.http.get(f"/chat/{await deploy()}")).text


async def test_pages_allow_no_inline_code_and_no_foreign_frame(installation: Installation, deploy):
    answer = await installation.http.get(f"/chat/{await deploy()}")
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy


async def test_a_frame_is_for_the_allowed_websites_alone(installation: Installation, deploy):
    allowed = ["https://shop.example.com", "https://*.example.org"]
    answer = await installation.http.get(f"/embed/{await deploy(allowed_origins=allowed)}")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors https://shop.example.com https://*.example.org;" in policy
    assert "x-frame-options" not in answer.headers
    assert "<privexbot-chat" in answer.text
    open_to_all = await installation.http.get(f"/embed/{await deploy()}")
    assert "frame-ancestors *;" in open_to_all.headers["content-security-policy"]


async def test_a_page_with_a_password_opens_to_those_who_know_it(installation: Installation, deploy):
    path = f"/chat/{await deploy(page={'password': PASSWORD})}"
    locked = await installation.http.get(path)
    assert "<privexbot-chat" not in locked.text
    assert 'type="password"' in locked.text
    wrong = await installation.http.post(path, data={"password": "high tide"})
    assert (wrong.status_code, "This is not the password." in wrong.text) == (403, True)
    right = await installation.http.post(path, data={"password": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, path)
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert f"Path={path}" in cookie
    name_and_value = cookie.partition(";")[0]
    assert "<privexbot-chat" in (await installation.http.get(path, headers={"Cookie": name_and_value})).text
    other = f"/chat/{await deploy(page={'password': PASSWORD})}"
    assert "<privexbot-chat" not in (await installation.http.get(other, headers={"Cookie": name_and_value})).text


async def test_passwords_cannot_be_guessed_without_end(installation: Installation, deploy):
    path = f"/chat/{await deploy(page={'password': PASSWORD})}"
    answers = [(await installation.http.post(path, data={"password": "x"})).status_code for _ in range(11)]
    assert answers == [403] * 10 + [429]


async def test_the_password_is_nowhere_in_clear(installation: Installation, ann: Person, deploy):
    bot_id = await deploy(page={"password": PASSWORD})
    view = await installation.http.get(f"/api/v1/chatbots/{bot_id}", headers=ann.headers)
    assert view.json()["config"]["page"]["password"].startswith("scrypt$")
    assert PASSWORD not in view.text
    assert "page" not in (await installation.http.get(f"/api/v1/bots/{bot_id}/config")).json()


async def test_a_frame_of_a_page_with_a_password_leads_to_the_page(installation: Installation, deploy):
    bot_id = await deploy(page={"password": PASSWORD})
    text = (await installation.http.get(f"/embed/{bot_id}")).text
    assert "<privexbot-chat" not in text
    assert f'href="/chat/{bot_id}"' in text


@pytest.mark.parametrize("path", ["/chat/nobody", "/embed/00000000-0000-7000-8000-000000000000"])
async def test_a_bot_that_is_not_there_has_a_page_that_says_so(installation: Installation, path: str):
    answer = await installation.http.get(path)
    assert (answer.status_code, "This chat is not here" in answer.text) == (404, True)


async def test_the_widget_is_told_what_its_owner_has_chosen(installation: Installation, deploy):
    chosen = {
        "consent": {"is_asked": True, "text": "We keep this for a month.", "url": "https://example.com/privacy"},
        "proactive": [{"trigger": "delay", "value": 5, "url_contains": "/prices", "message": "Questions?"}],
    }
    bot_id = await deploy(**chosen, lead_capture={"is_enabled": True, "when": "before", "is_required": True})
    told = (await installation.http.get(f"/api/v1/bots/{bot_id}/config")).json()
    assert {name: told[name] for name in chosen} == chosen
    assert (told["lead_capture"]["when"], told["lead_capture"]["is_required"]) == ("before", True)
