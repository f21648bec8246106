"""The widget on pages that are not ours: strict policies, several bots, no storage, commands, events, options."""

import pytest
from playwright.sync_api import expect

from tests.widget.fake_host import CITATION, answer

RECORD_VIOLATIONS = (
    "window.violations = [];"
    "document.addEventListener('securitypolicyviolation', event =>"
    " violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"
)
RECORD_EVENTS = (
    "window.seen = [];"
    "for (const name of ['open', 'close', 'message', 'lead', 'error'])"
    " document.addEventListener(`privexbot:${name}`, event => seen.push([name, event.detail]))"
)


@pytest.mark.parametrize("script_source", ["{host}/", "'nonce-abc' 'strict-dynamic'"])
def test_a_strict_policy_with_trusted_types_is_never_violated(host, site, visit, ask, embed, script_source):
    policy = (
        f"default-src 'none'; script-src {script_source.format(host=host.url)} 'nonce-abc'; style-src 'self';"
        f" connect-src {host.url}; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'"
    )
    host.config["lead_capture"] = {"is_enabled": True}
    host.scripts = [answer("**Within** `30` days [1].", citations=[CITATION])]
    html = f"<script nonce=abc>{RECORD_VIOLATIONS}</script>" + embed(lang="de").replace("<script", "<script nonce=abc")
    page = visit(site.put(html, headers={"Content-Security-Policy": policy}))
    page.locator(".launcher").click()
    ask(page, "Returns?")
    page.locator(".marker").click()
    expect(page.locator(".card")).to_be_visible()
    expect(page.locator("form.lead")).to_have_count(1)
    expect(page.locator(".panel")).to_have_css("border-radius", "20px")
    assert page.evaluate("window.violations") == []
    assert page.evaluate("document.querySelectorAll('[style]').length") == 0
    in_shadow = (
        "[...document.body.children].flatMap(e => [...(e.shadowRoot?.querySelectorAll('[style],style') ?? [])]).length"
    )
    assert page.evaluate(in_shadow) == 0


def test_two_bots_on_a_page_keep_to_themselves(host, site, visit, embed, ask):
    page = visit(site.put(embed("shop", position="left") + embed("desk", title="Help desk")))
    page.get_by_role("button", name="Chat: Help desk").click()
    expect(page.get_by_role("dialog", name="Help desk")).to_be_visible()
    expect(page.get_by_role("dialog", name="Shop assistant")).to_have_count(0)
    page.evaluate("pb('close', {bot: 'desk'})")
    expect(page.get_by_role("dialog", name="Help desk")).to_be_hidden()
    page.evaluate("pb('open', {bot: 'shop'})")
    shop = page.get_by_role("dialog", name="Shop assistant")
    shop.get_by_role("textbox").fill("Hi")
    shop.get_by_role("textbox").press("Enter")
    expect(shop.locator(".message.bot .bubble")).to_have_text("Hello!")
    assert [path for path in host.paths if path.endswith("/chat")] == ["/api/v1/bots/shop/chat"]


def test_launchers_do_not_cover_each_other(site, visit, embed):
    page = visit(site.put(embed("shop") + embed("desk")))
    expect(page.locator(".launcher")).to_have_count(2)
    boxes = [page.locator(".launcher").nth(at).bounding_box() for at in (0, 1)]
    assert abs(boxes[0]["y"] - boxes[1]["y"]) >= boxes[0]["height"]


def test_the_same_snippet_pasted_twice_is_one_chat(site, visit, embed, host):
    page = visit(site.put(embed() + embed()))
    page.wait_for_load_state("load")
    expect(page.locator(".launcher")).to_have_count(1)


def test_a_page_that_denies_storage_can_still_chat(site, visit, embed, ask, host):
    site.put(embed(), path="/inner")
    page = visit(site.put('<iframe src="/inner" sandbox="allow-scripts" width=480 height=700></iframe>'))
    frame = page.frame_locator("iframe")
    frame.locator(".launcher").click()
    for words in ("One", "Two"):
        frame.get_by_role("textbox").fill(words)
        frame.get_by_role("textbox").press("Enter")
        expect(frame.locator(".message.bot[data-state=done]")).to_have_count(1 if words == "One" else 2)
    assert "session_id" not in host.questions[0]
    assert host.questions[1]["session_id"], "the session was not even kept in memory"


def test_commands_given_before_the_script_has_loaded_are_obeyed(site, visit, embed):
    stub = "<script>window.pb=window.pb||function(){(pb.q=pb.q||[]).push(arguments)};pb('open')</script>"
    page = visit(site.put(stub + embed()))
    expect(page.get_by_role("dialog")).to_be_visible()


def test_commands_and_events_let_a_page_steer_and_follow(site, visit, embed, ask):
    page = visit(site.put(f"<script>{RECORD_EVENTS}</script>" + embed()))
    page.locator(".launcher").wait_for()
    page.evaluate("pb('toggle')")
    ask(page, "Hi")
    expect(page.locator(".message.bot .bubble")).to_have_text("Hello!")
    page.evaluate("pb('nonsense'); pb('close')")
    expect(page.get_by_role("dialog")).to_be_hidden()
    seen = page.evaluate("window.seen")
    assert [name for name, _ in seen] == ["open", "message", "message", "close"]
    assert seen[1][1] == {"bot": "shop", "role": "visitor", "content": "Hi"}
    assert seen[2][1] == {"bot": "shop", "role": "bot", "message_id": "msg_1", "content": "Hello!"}
    page.evaluate("pb('destroy')")
    expect(page.locator(".launcher")).to_have_count(0)
    page.evaluate("pb('open')")


def test_data_open_opens_at_once_and_options_win_over_the_dashboard(host, site, visit, embed):
    host.config["appearance"] = {"color": "#111111", "title": "From the dashboard", "position": "bottom-right"}
    options = {"open": "", "color": "#ffcc00", "title": "From the page", "greeting": "Moin", "position": "left"}
    page = visit(site.put(embed(**options)))
    panel = page.get_by_role("dialog", name="From the page")
    expect(panel).to_be_visible()
    expect(panel.locator(".greeting")).to_have_text("Moin")
    launcher = page.locator(".launcher")
    expect(launcher).to_have_css("background-color", "rgb(255, 204, 0)")
    expect(launcher).to_have_css("color", "rgb(0, 0, 0)")
    assert launcher.bounding_box()["x"] < 100


@pytest.mark.parametrize("color", ["red;} * {display:none", "url(x)", "#12345", "#fff}"])
def test_a_colour_that_is_none_is_not_put_into_the_stylesheet(host, site, visit, embed, color):
    host.config["appearance"] = {"color": color}
    page = visit(site.put(embed()))
    expect(page.locator(".launcher")).to_have_css("background-color", "rgb(79, 70, 229)")


def test_a_bot_that_may_not_be_here_leaves_no_trace_but_an_event(host, site, visit, embed):
    host.config_status = 403
    page = visit(site.put(f"<script>{RECORD_EVENTS}</script>" + embed()))
    page.wait_for_function("window.seen.length === 1")
    assert page.evaluate("window.seen") == [["error", {"bot": "shop", "code": "config_403"}]]
    assert page.locator(".launcher").count() == 0


def test_the_custom_element_fills_its_box_and_has_no_launcher(host, site, visit, ask, embed):
    box = '<div style="width:500px;height:450px"><privexbot-chat bot="shop" title="Inline"></privexbot-chat></div>'
    page = visit(site.put(box + f'<script async src="{host.url}/widget.js"></script>'))
    region = page.get_by_role("region", name="Inline")
    expect(region).to_be_visible()
    assert {"width": 500, "height": 450}.items() <= region.bounding_box().items()
    assert page.locator(".launcher").count() == 0
    ask(page, "Hi")
    expect(page.locator(".message.bot .bubble")).to_have_text("Hello!")
    page.keyboard.press("Escape")
    expect(region).to_be_visible()
    page.evaluate("document.querySelector('privexbot-chat').remove()")
    expect(region).to_have_count(0)


def test_an_element_moved_in_the_page_starts_again_cleanly(host, site, visit):
    page = visit(
        site.put(
            f'<main></main><privexbot-chat bot="shop"></privexbot-chat><script src="{host.url}/widget.js"></script>'
        )
    )
    expect(page.locator(".panel")).to_be_visible()
    page.evaluate("document.querySelector('main').append(document.querySelector('privexbot-chat'))")
    expect(page.locator(".panel")).to_be_visible()
    expect(page.locator(".panel")).to_have_count(1)


def test_the_page_s_own_styles_do_not_leak_in(site, visit, embed, chat):
    hostile = (
        "<style>* { all: unset !important } button, textarea { display: none !important } body { color: red }</style>"
    )
    page = chat(hostile)
    expect(page.locator(".panel textarea")).to_be_visible()
    expect(page.locator(".panel")).to_have_css("color", "rgb(27, 27, 31)")


def test_no_cookie_is_sent_or_set_and_nobody_else_is_called(host, visit, site, embed, ask):
    page = visit("about:blank")
    page.context.add_cookies([{"name": "login", "value": "secret", "url": host.url, "sameSite": "Lax"}])
    called: set[str] = set()
    page.on("request", lambda request: called.add(request.url.split("/")[2]))
    host.config["appearance"] = {"avatar_url": "https://tracker.example.com/pixel.png"}
    page.goto(site.put(embed()))
    page.locator(".launcher").click()
    ask(page, "Hi")
    expect(page.locator(".message.bot .bubble")).to_have_text("Hello!")
    assert called == {host.url.split("//")[1], site.url.split("//")[1]}
    assert not [path for path, cookie in zip(host.paths, host.cookies, strict=False) if "/api/" in path and cookie]
    assert [cookie["name"] for cookie in page.context.cookies()] == ["login"]


def test_the_panel_is_not_fetched_before_it_is_wanted(host, site, visit, embed):
    page = visit(site.put(embed()))
    page.locator(".launcher").wait_for()
    assert not [path for path in host.paths if path.startswith("/widget/")]
    page.locator(".launcher").hover()
    page.wait_for_function("performance.getEntriesByType('resource').some(({name}) => name.includes('/widget/panel.'))")


def test_a_panel_that_could_not_be_fetched_is_fetched_by_the_next_click(host, site, visit, embed):
    page = visit(site.put(f"<script>{RECORD_EVENTS}</script>" + embed()))
    page.locator(".launcher").wait_for()
    page.context.set_offline(True)
    page.evaluate("pb('open')")
    page.wait_for_function("window.seen.length === 1")
    assert page.evaluate("window.seen[0][1].code") == "panel_failed"
    page.context.set_offline(False)
    page.locator(".launcher").click()
    expect(page.get_by_role("dialog")).to_be_visible()
