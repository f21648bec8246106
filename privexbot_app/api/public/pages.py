"""Each bot's own page, `/chat/{bot_id}`, and the same chat for a frame on another site, `/embed/{bot_id}`.

Both are plain HTML around the widget, under a policy that allows no inline code. A page may ask for a password; who
has given it keeps a cookie of this page alone. The password keeps the page to those who know it; what may embed or call
the bot is said by its allowed websites.
"""

import asyncio
from html import escape
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from privexbot_app.api.deps import RuntimeDep, client_address
from privexbot_app.domains.bots.live import load_public_bot
from privexbot_app.domains.bots.look import is_page_password
from privexbot_app.domains.bots.schemas import LiveBot
from privexbot_app.kit.crypto import fingerprint, is_same
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.limits import Limit
from privexbot_app.runtime import Runtime

router = APIRouter(include_in_schema=False)

PASSWORD_TRIES = Limit(events=10, seconds=600)
REMEMBERED_SECONDS = 7 * 24 * 3600
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
    "base-uri 'none'; form-action {form}; frame-ancestors {frames}; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
{robots}<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/chat.css">
{head}</head>
<body>
{body}
</body>
</html>
"""
NOINDEX = '<meta name="robots" content="noindex">\n'
SCRIPT = '<script async src="/widget.js"></script>\n'
CHAT = '<privexbot-chat bot="{bot_id}"></privexbot-chat>\n<noscript>This chat needs JavaScript.</noscript>'
HEADING = '<header class="masthead">{logo}<h1>{title}</h1></header>\n'
LOGO = '<img src="{url}" alt="">'
ABSENT = """<main class="absent">
<h1>This chat is not here</h1>
<p>The address may be mistyped, or the chatbot may have been taken down.</p>
</main>"""
LOCKED = """<main class="absent">
<h1>{title}</h1>
<form method="post" class="password">
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="current-password" autofocus{wrong}>
{problem}<button>Open</button>
</form>
</main>"""
WRONG = '<p id="problem" role="alert">This is not the password.</p>\n'
ELSEWHERE = """<main class="absent">
<h1>{title}</h1>
<p><a href="/chat/{bot_id}" target="_blank" rel="noopener">Open this chat on its own page</a></p>
</main>"""


@router.get("/chat/{bot_id}")
async def hosted_page(bot_id: str, request: Request, installation: RuntimeDep) -> HTMLResponse:
    """A bot's own page, whose link can be shared."""
    bot = await _find(installation, bot_id)
    if bot is None:
        return _absent()
    return _page(bot, _whole(bot)) if _may_enter(request, bot) else _page(bot, _locked(bot))


@router.post("/chat/{bot_id}")
async def enter(
    bot_id: str, request: Request, installation: RuntimeDep, password: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Give the page's password."""
    bot = await _find(installation, bot_id)
    if bot is None:
        return _absent()
    stored = bot.config.page.password
    await installation.works.limiter.take(f"page:{bot.id.hex}:{client_address(request)}", PASSWORD_TRIES)
    if stored is not None and not await asyncio.to_thread(is_page_password, password, stored):
        return _page(bot, _locked(bot, is_wrong=True), status=403)
    answer = RedirectResponse(f"/chat/{bot.id}", status_code=303)
    if stored is not None:
        answer.set_cookie(
            _cookie_name(bot),
            _pass_of(bot, stored),
            max_age=REMEMBERED_SECONDS,
            path=f"/chat/{bot.id}",
            secure=installation.browser_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )
    return answer


@router.get("/embed/{bot_id}")
async def framed_page(bot_id: str, installation: RuntimeDep) -> HTMLResponse:
    """The chat alone, for an iframe on the websites that the bot allows."""
    bot = await _find(installation, bot_id)
    if bot is None:
        return _absent()
    frames = " ".join(bot.config.allowed_origins) or "*"
    if bot.config.page.password is not None:
        return _page(bot, ELSEWHERE.format(title=_title(bot), bot_id=bot.id), frames=frames)
    return _page(bot, f'<main class="framed">{CHAT.format(bot_id=bot.id)}</main>', frames=frames)


async def _find(installation: Runtime, bot_id: str) -> LiveBot | None:
    try:
        return (await load_public_bot(installation.works, UUID(bot_id), installation.keys)).bot
    except (ValueError, NotFoundError):
        return None


def _may_enter(request: Request, bot: LiveBot) -> bool:
    stored = bot.config.page.password
    return stored is None or is_same(request.cookies.get(_cookie_name(bot), ""), _pass_of(bot, stored))


def _cookie_name(bot: LiveBot) -> str:
    return f"privexbot_page_{bot.id.hex[:12]}"


def _pass_of(bot: LiveBot, stored: str) -> str:
    """What shows that the password was given; a new password makes a new one."""
    return fingerprint(f"page:{bot.id.hex}:{stored}")


def _whole(bot: LiveBot) -> str:
    page = bot.config.page
    chat = CHAT.format(bot_id=bot.id)
    if page.title is None and page.logo_url is None:
        return f"<main>{chat}</main>"
    logo = LOGO.format(url=escape(page.logo_url)) if page.logo_url else ""
    return f'{HEADING.format(logo=logo, title=_title(bot))}<main class="below">{chat}</main>'


def _locked(bot: LiveBot, *, is_wrong: bool = False) -> str:
    hint = ' aria-invalid="true" aria-describedby="problem"' if is_wrong else ""
    return LOCKED.format(title=_title(bot), wrong=hint, problem=WRONG if is_wrong else "")


def _title(bot: LiveBot) -> str:
    config = bot.config
    return escape(config.page.title or config.appearance.title or config.name)


def _page(bot: LiveBot, body: str, *, frames: str = "'none'", status: int = 200) -> HTMLResponse:
    is_open = "<privexbot-chat" in body
    language = bot.config.appearance.language or "en"
    robots = "" if bot.config.page.is_listed and is_open and frames == "'none'" else NOINDEX
    html = PAGE.format(language=language, robots=robots, title=_title(bot), head=SCRIPT if is_open else "", body=body)
    form = "'none'" if is_open else "'self'"
    policy = POLICY.format(form=form, frames=frames)
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(html, status_code=status, headers=headers)


def _absent() -> HTMLResponse:
    html = PAGE.format(language="en", robots=NOINDEX, title="Not found", head="", body=ABSENT)
    headers = {"Content-Security-Policy": POLICY.format(form="'none'", frames="'none'")}
    return HTMLResponse(html, status_code=404, headers=headers)
