"""For the team: read what visitors and bots say, answer in person, tag, close, take along."""

import reflex as rx

from privexbot_app.ui.components import (
    badge,
    empty_state,
    icon,
    list_skeleton,
    page,
    page_header,
    relative_time,
    select_input,
    switch_input,
)
from privexbot_app.ui.components.keys import keys
from privexbot_app.ui.components.ticker import ticker
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.conversations.state import (
    EVERYTHING,
    RATINGS,
    STATUSES,
    ConversationsState,
    TalkLine,
    TalkRow,
)

REFRESH_MILLISECONDS = 4000
EXPORT = "/api/v1/conversations/export?format="


@dashboard_page(
    "/conversations",
    title="Conversations",
    icon="messages-square",
    section="Talk",
    order=50,
    permission="conversations.read",
    on_load=ConversationsState.load,
)
def conversations_page() -> rx.Component:
    return page(
        page_header(
            "Conversations",
            "What visitors and bots have said. Take one over to answer in person; j and k go through the list.",
            actions=[_export("csv", "CSV"), _export("json", "JSON")],
        ),
        _filters(),
        rx.cond(ConversationsState.is_listed, _inbox(), list_skeleton()),
        keys(keys=["j", "k"], on_press=ConversationsState.press),
        ticker(every=REFRESH_MILLISECONDS, on_tick=ConversationsState.refresh),
        is_wide=True,
    )


def _export(format: str, word: str) -> rx.Component:
    return rx.link(
        rx.button(icon("download", 15), word, variant="soft", color_scheme="gray"),
        href=f"{EXPORT}{format}",
        is_external=True,
        aria_label=f"Download as {word}",
    )


def _filters() -> rx.Component:
    return rx.el.div(
        rx.debounce_input(
            rx.input(
                placeholder="Search messages",
                aria_label="Search messages",
                value=ConversationsState.words,
                on_change=ConversationsState.search,
            ),
            debounce_timeout=400,
        ),
        select_input(
            "Status",
            id="talk-status",
            options=[(EVERYTHING, "All"), *((value, word) for value, (word, _) in STATUSES.items())],
            value=ConversationsState.status,
            on_change=ConversationsState.choose_status,
        ),
        select_input(
            "Rating",
            id="talk-rating",
            options=[(EVERYTHING, "All"), *RATINGS.items()],
            value=ConversationsState.rating,
            on_change=ConversationsState.choose_rating,
        ),
        switch_input(
            "Test traffic",
            id="talk-test",
            checked=ConversationsState.with_test,
            on_change=ConversationsState.show_test,
        ),
        class_name="pb-inbox-filters",
    )


def _inbox() -> rx.Component:
    nothing = empty_state(
        "No conversations here",
        "They appear as soon as visitors talk to a bot that is live.",
        icon_name="messages-square",
    )
    return rx.cond(ConversationsState.rows, rx.el.div(_list(), _reading(), class_name="pb-inbox"), nothing)


def _list() -> rx.Component:
    more = rx.button("Show more", variant="soft", color_scheme="gray", on_click=ConversationsState.more)
    return rx.el.div(
        rx.el.ul(rx.foreach(ConversationsState.rows, _row), role="list", class_name="pb-inbox-rows"),
        rx.cond(ConversationsState.cursor != "", more),
        tab_index=0,
        role="group",
        aria_label="Conversations; j and k go down and up",
        class_name="pb-card pb-inbox-list",
    )


def _row(row: rx.Var[TalkRow]) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(
                rx.el.span(row.title, class_name="pb-strong"),
                rx.el.span(relative_time(row.ago, row.exactly), class_name="pb-tiny"),
                class_name="pb-inbox-line",
            ),
            rx.el.span(row.preview, class_name="pb-inbox-preview"),
            rx.el.span(
                badge(row.status, row.tone),
                rx.el.span(row.bot, class_name="pb-tiny"),
                rx.el.span(row.tags, class_name="pb-tiny"),
                class_name="pb-inbox-line",
            ),
            type="button",
            aria_current=rx.cond(ConversationsState.current["id"] == row.id, "true", "false"),
            on_click=ConversationsState.read(row.id),
            class_name="pb-inbox-row",
        )
    )


def _reading() -> rx.Component:
    none = rx.el.div("Choose a conversation to read it.", class_name="pb-card pb-card-padded pb-help")
    whole = rx.el.section(
        _head(),
        rx.auto_scroll(
            rx.foreach(ConversationsState.lines, _line),
            role="log",
            aria_label="Transcript",
            tab_index=0,
            class_name="pb-inbox-lines",
        ),
        rx.cond(ConversationsState.permissions.contains("conversations.write"), _tools()),
        aria_label="Conversation",
        class_name="pb-card pb-inbox-reading",
    )
    return rx.cond(ConversationsState.current["id"], whole, none)


def _head() -> rx.Component:
    current = ConversationsState.current
    return rx.el.header(
        rx.el.div(
            rx.el.h2(current["title"], class_name="pb-section-title"),
            rx.el.div(current["bot"], " · ", current["since"], class_name="pb-tiny"),
        ),
        badge(current["word"], current["tone"]),
        class_name="pb-inbox-line pb-inbox-head",
    )


def _line(line: rx.Var[TalkLine]) -> rx.Component:
    return rx.el.div(
        rx.el.div(line.writer, " · ", line.exactly, class_name="pb-tiny"),
        rx.el.div(
            line.text, data_role=rx.cond(line.role == "visitor", "visitor", "bot"), class_name="pb-bubble pb-plain"
        ),
        rx.cond(line.rating != "", rx.el.div(line.rating, " ", line.comment, class_name="pb-tiny")),
        rx.cond(line.sources, _more("Sources", rx.foreach(line.sources, _quote))),
        rx.cond(line.trace != "", _more("Way through the flow", rx.el.p(line.trace, class_name="pb-tiny"))),
        rx.cond((line.role == "bot") & (ConversationsState.base_id != ""), _promote(line)),
        class_name="pb-inbox-message",
    )


def _more(title: str, *parts: rx.Component | rx.Var) -> rx.Component:
    return rx.el.details(rx.el.summary(title, class_name="pb-tiny"), *parts)


def _quote(text: rx.Var[str]) -> rx.Component:
    return rx.el.blockquote(text, class_name="pb-quote")


def _promote(line: rx.Var[TalkLine]) -> rx.Component:
    return rx.button(
        icon("star", 14),
        "Make a golden question",
        size="1",
        variant="ghost",
        color_scheme="gray",
        on_click=ConversationsState.promote(line.id),
    )


def _tools() -> rx.Component:
    is_closed = ConversationsState.current["status"] == "closed"
    return rx.el.div(
        rx.cond(
            ConversationsState.is_mine,
            _answering(),
            rx.button(icon("headset", 15), "Take over", on_click=ConversationsState.take_over),
        ),
        rx.el.div(
            rx.button(
                rx.cond(is_closed, "Open again", "Close"),
                variant="soft",
                color_scheme="gray",
                on_click=ConversationsState.set_open(is_closed),
            ),
            _form(
                "tags",
                "Tags, with commas",
                "Save tags",
                ConversationsState.save_tags,
                ConversationsState.current["tags"],
            ),
            class_name="pb-actions",
        ),
        rx.cond(
            ConversationsState.base_id != "",
            select_input(
                "Golden questions go to",
                id="talk-base",
                options=ConversationsState.bases,
                value=ConversationsState.base_id,
                on_change=ConversationsState.choose_base,
            ),
        ),
        class_name="pb-stack pb-inbox-tools",
    )


def _answering() -> rx.Component:
    return rx.el.div(
        rx.form(
            rx.text_area(
                name="content", aria_label="Your message", placeholder="Write to the visitor", enter_key_submit=True
            ),
            rx.button("Send", type="submit"),
            on_submit=ConversationsState.say,
            reset_on_submit=True,
            class_name="pb-stack-tight",
        ),
        rx.el.div(
            _form("note", "Note for the bot", "Hand back", ConversationsState.hand_back, ""),
            rx.button("Release", variant="soft", color_scheme="gray", on_click=ConversationsState.release),
            class_name="pb-actions",
        ),
        class_name="pb-stack",
    )


def _form(name: str, label: str, action: str, on_submit: rx.EventHandler, value: rx.Var[str] | str) -> rx.Component:
    return rx.form(
        rx.input(name=name, aria_label=label, placeholder=label, default_value=value, key=value),
        rx.button(action, type="submit", variant="soft"),
        on_submit=on_submit,
        class_name="pb-inline-form",
    )
