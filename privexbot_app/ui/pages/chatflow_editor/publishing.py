"""Putting the draft live: what keeps it from that, a note for the team, and where the chatflow is afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.checks import BotIncompleteError
from privexbot_app.domains.bots.schemas import Deployment
from privexbot_app.domains.bots.service import BotChangedError
from privexbot_app.domains.chatflows.drafts import ChatflowDraftService
from privexbot_app.kit.errors import FieldProblem
from privexbot_app.ui import routes
from privexbot_app.ui.ids import id_in_path, parse_id
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.session import ScopedState

LONGEST_NOTE = 1000
GRAPH = "graph."


@dataclass
class PublishProblem:
    """Something that must be put right first. node_id: where, if it is a node's."""

    node_id: str
    message: str


class PublishState(ScopedState):
    """The dialog. It is done when there is a public address."""

    is_open: bool = False
    is_checking: bool = False
    is_publishing: bool = False
    problems: list[PublishProblem] = []
    refusal: str = ""
    public_url: str = ""
    embed_code: str = ""
    live_id: str = ""
    live_version: int = 0

    @rx.event
    async def show(self) -> Any:
        """Open the dialog and check the draft."""
        scope = await self.scope()
        self.reset()
        self.is_open = self.is_checking = True
        yield
        drafts = ChatflowDraftService(self.works, scope)
        found = await drafts.list_problems(id_in_path(self.router.url.path), Deployment())
        self.problems, self.is_checking = _rows(found), False

    @rx.event
    async def close(self, is_open: bool) -> Any:
        """Close the dialog; after publishing the draft is gone, so go on with a new one of the live chatflow."""
        if is_open:
            return None
        self.is_open = False
        if not self.live_id:
            return None
        scope = await self.scope()
        draft = await ChatflowDraftService(self.works, scope).open_for(parse_id(self.live_id))
        self.live_id = ""
        return rx.redirect(routes.chatflow_editor(str(draft.draft_id)))

    @rx.event
    def go_to(self, node_id: str) -> Any:
        """Close the dialog and show the node that is to be put right."""
        self.is_open = False
        known = [problem.node_id for problem in self.problems]
        return rx.call_script(f"window.privexbotFlow.focus({str(node_id)!r})") if node_id in known and node_id else None

    @rx.event
    async def publish(self, form: dict[str, Any]) -> Any:
        """Publish, or say what is in the way."""
        scope = await self.scope()
        self.is_publishing, self.refusal = True, ""
        yield
        deployment = Deployment(note=str(form.get("note", ""))[:LONGEST_NOTE])
        try:
            done = await ChatflowDraftService(self.works, scope).deploy(
                id_in_path(self.router.url.path), deployment, browser_url=runtime.current().browser_url
            )
        except BotIncompleteError as error:
            self.problems = _rows(error.problems)
        except BotChangedError as error:
            self.refusal = message_of(error)
        else:
            self.public_url, self.embed_code = done.public_url, done.embed_code
            self.live_id, self.live_version = str(done.bot_id), done.version
        finally:
            self.is_publishing = False


def _rows(problems: Sequence[FieldProblem]) -> list[PublishProblem]:
    return [PublishProblem(_node_of(problem.field), problem.message) for problem in problems]


def _node_of(field: str) -> str:
    """The node that a problem is about.

    >>> _node_of("graph.ask.options.0"), _node_of("name")
    ('ask', '')
    """
    return field.removeprefix(GRAPH).split(".")[0] if field.startswith(GRAPH) else ""
