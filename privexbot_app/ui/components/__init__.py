"""Shared parts of the dashboard. They take Vars and handlers and never know a state.

basics     icon, mark, relative_time, badge (status), page_header, section, card, facts, tile
waiting    empty_state, no_permission, skeletons, note, warning
forms      field, text_input, text_area, select_input, switch_input, choice
lists      item_list, item, actions_menu, table
dialogs    confirm_dialog, dialog_actions, close_button
snippets   code_snippet, copy_button
chat       chat_panel
going_live checking, not_ready, problem_choice, is_live, public_link
"""

from privexbot_app.ui.components.basics import (
    badge,
    card,
    facts,
    icon,
    mark,
    page,
    page_header,
    relative_time,
    section,
    stat_tile,
)
from privexbot_app.ui.components.dialogs import close_button, confirm_dialog, dialog_actions
from privexbot_app.ui.components.forms import choice, field, select_input, switch_input, text_area, text_input
from privexbot_app.ui.components.lists import actions_menu, item, item_list, table
from privexbot_app.ui.components.snippets import code_snippet, copy_button
from privexbot_app.ui.components.waiting import (
    empty_state,
    list_skeleton,
    no_permission,
    note,
    page_skeleton,
    skeleton,
    tiles_skeleton,
    warning,
)

__all__ = [
    "actions_menu",
    "badge",
    "card",
    "choice",
    "close_button",
    "code_snippet",
    "confirm_dialog",
    "copy_button",
    "dialog_actions",
    "empty_state",
    "facts",
    "field",
    "icon",
    "item",
    "item_list",
    "list_skeleton",
    "mark",
    "no_permission",
    "note",
    "page",
    "page_header",
    "page_skeleton",
    "relative_time",
    "section",
    "select_input",
    "skeleton",
    "stat_tile",
    "switch_input",
    "table",
    "text_area",
    "text_input",
    "tiles_skeleton",
    "warning",
]
