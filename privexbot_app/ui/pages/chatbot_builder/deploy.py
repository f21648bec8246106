"""Putting the draft live: what keeps it from that, and where the chatbot is afterwards."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.checks import BotIncompleteError
from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.bots.schemas import Deployment
from privexbot_app.domains.bots.service import BotChangedError
from privexbot_app.kit.errors import FieldProblem
from privexbot_app.ui import routes
from privexbot_app.ui.ids import id_in_path
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.pages.chatbot_builder.fields import field_of
from privexbot_app.ui.session import ScopedState

WEB = Deployment()


@dataclass
class DeployProblem:
    """Something that must be put right first, and the field where."""

    field: str
    message: str


class DeployState(ScopedState):
    """The dialog. It is done when there is a public address."""

    is_open: bool = False
    is_checking: bool = False
    is_deploying: bool = False
    problems: list[DeployProblem] = []
    refusal: str = ""
    public_url: str = ""
    embed_code: str = ""
    live_href: str = ""
    live_version: int = 0

    @rx.event
    async def show(self) -> Any:
        """Open the dialog and check the draft."""
        self.reset()
        self.is_open = self.is_checking = True
        yield
        scope = await self.scope()
        found = await BotDraftService(self.works, scope).list_problems(id_in_path(self.router.url.path), WEB)
        self.problems, self.is_checking = _rows(found), False

    @rx.event
    def close(self, is_open: bool) -> Any:
        """Close the dialog; after a deployment the draft is gone, so go to the chatbot's own page."""
        if is_open:
            return None
        self.is_open = False
        return rx.redirect(self.live_href) if self.live_href else None

    @rx.event
    def hide(self) -> None:
        """Close the dialog to put something right."""
        self.is_open = False

    @rx.event
    async def deploy(self) -> Any:
        """Deploy, or say what is in the way."""
        self.is_deploying, self.refusal = True, ""
        yield
        scope = await self.scope()
        draft_id = id_in_path(self.router.url.path)
        try:
            done = await BotDraftService(self.works, scope).deploy(
                draft_id, WEB, browser_url=runtime.current().browser_url
            )
        except BotIncompleteError as error:
            self.problems = _rows(error.problems)
        except BotChangedError as error:
            self.refusal = message_of(error)
        else:
            self.public_url, self.embed_code = done.public_url, done.embed_code
            self.live_href, self.live_version = routes.chatbot(str(done.bot_id)), done.version
        finally:
            self.is_deploying = False


def _rows(problems: list[FieldProblem] | tuple[FieldProblem, ...]) -> list[DeployProblem]:
    return [DeployProblem(field_of(problem.field), problem.message) for problem in problems]
