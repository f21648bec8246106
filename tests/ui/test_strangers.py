"""Every event handler is a public remote call: strangers get nothing out of any of them."""

import inspect
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.ui.session import ScopedState
from tests.installation import Installation
from tests.ui.tab import Tab, fire

ONLY_SHOWS = {
    "AccountState": {"show_add_member", "choose_role", "ask_remove", "keep", "show_close"},
    "AnalyticsState": {"write", "show_writing", "choose_base"},
    "ApiKeysState": {
        "show_add",
        "choose_access",
        "choose_life",
        "choose_kind",
        "ask_rotate",
        "choose_grace",
        "show_rotate",
        "hide_key",
        "ask_revoke",
        "keep",
    },
    "BuilderState": {"choose_pane", "go_to", "retry"},
    "ChatbotState": {"ask_go_back", "stay", "ask_delete"},
    "ChatbotsState": {"search", "show_new", "ask_delete", "keep"},
    "ChatflowsState": {"search", "show_new", "ask_delete", "keep"},
    "ConnectionsState": {"ask_disconnect", "keep"},
    "CredentialsState": {"show_add", "choose_type", "close", "ask_delete", "keep"},
    "DeployState": {"close", "hide"},
    "DoorState": {"send_on"},
    "EditorState": {"choose_pane"},
    "FlowVersionsState": {"ask_go_back", "stay"},
    "RolesState": {"show_role", "ask_role", "keep_role"},
    "SecurityState": {"ask_for_proof", "show_proof", "ask_remove", "keep", "show_set_up"},
    "ExchangeState": {"show_import", "show_report"},
    "InvitationState": {"look", "show"},  # the link's token is what lets it be seen
    "TeamState": {"show_invite", "choose_role", "choose_inside", "ask", "keep"},
    "PreviewState": {"restart", "stop", "ask_form"},
    "PrivacyState": {"choose_documents", "ask"},
    "PublishState": {"close", "go_to"},
    "TryState": {"restart", "stop", "ask_form"},
}
"""Handlers that only change what this tab shows. A new handler asks for the caller, or is listed here with reason."""
SENDS_TO_SIGN_IN = {"load_session"}
BY_NAME = {"path": "name", "tab": "knowledge", "base_id": str(UUID(int=1))}
BY_TYPE: dict[Any, Any] = {str: "x", bool: True, int: 1, dict: {}, list: [1.0]}


def handlers() -> Iterator[Any]:
    for state in [ScopedState, *ScopedState.__subclasses__()]:
        if not state.__module__.startswith("privexbot_app.ui.pages.knowledge"):
            for name, handler in state.event_handlers.items():
                is_shown_only = name in ONLY_SHOWS.get(state.__name__, ())
                if (
                    name in vars(state) and not is_shown_only and name != "setvar"
                ):  # Reflex's own; without setters it finds nothing to set
                    yield pytest.param(state, handler, id=f"{state.__name__}.{name}")


def arguments_of(handler: Any) -> list[Any]:
    parameters = list(inspect.signature(handler.fn).parameters.values())[1:]
    return [BY_NAME.get(parameter.name) or BY_TYPE.get(_plain(parameter.annotation), "x") for parameter in parameters]


def _plain(annotation: Any) -> Any:
    return getattr(annotation, "__origin__", annotation)


@pytest.mark.parametrize(("kind", "handler"), handlers())
async def test_a_stranger_is_refused(installation: Installation, kind: type[ScopedState], handler: Any):
    state = Tab().state(kind)
    if handler.fn.__name__ in SENDS_TO_SIGN_IN:
        assert "signIn" in str(await fire(state, handler))
        return
    with pytest.raises(UnauthenticatedError):
        await fire(state, handler, *arguments_of(handler))
