"""A live chatbot's page: members share and embed it here; editors change it, go back a version, or delete it."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    badge,
    card,
    code_snippet,
    confirm_dialog,
    copy_button,
    empty_state,
    facts,
    icon,
    item,
    item_list,
    list_skeleton,
    page,
    page_header,
    relative_time,
    section,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.chatbot.state import BaseLink, ChatbotState, VersionRow

BACK = ("Chatbots", routes.chatbots())


@dashboard_page("/chatbots/[bot]", title="Chatbot", permission="bots.read", on_load=ChatbotState.load)
def chatbot_page() -> rx.Component:
    missing = page(
        page_header("No such chatbot", back=BACK),
        empty_state(
            "This chatbot is not here",
            "It may have been deleted, or it belongs to another workspace.",
            icon_name="bot-off",
            actions=[rx.link(rx.button("All chatbots", variant="soft"), href=routes.chatbots())],
        ),
    )
    waiting = page(page_header("Chatbot", back=BACK), list_skeleton())
    return rx.cond(ChatbotState.is_missing, missing, rx.cond(ChatbotState.shown_id != "", _shown(), waiting))


def _shown() -> rx.Component:
    return page(
        page_header(ChatbotState.name, ChatbotState.description, actions=_actions(), back=BACK),
        rx.el.div(
            rx.el.div(_share(), _versions(), class_name="pb-stack pb-stack-wide"),
            rx.el.div(_settings(), _end(), class_name="pb-stack pb-stack-wide"),
            class_name="pb-split",
        ),
        _go_back_dialog(),
        _delete_dialog(),
    )


def _actions() -> list[rx.Component]:
    edit = rx.button(icon("pencil", 15), "Edit", on_click=ChatbotState.edit)
    return [
        badge(f"Live, version {ChatbotState.version}", "good"),
        rx.el.a(
            rx.button(icon("external-link", 15), "Try it", variant="soft", tab_index=-1),
            href=ChatbotState.public_url,
            target="_blank",
            rel="noopener",
        ),
        rx.cond(ChatbotState.permissions.contains("bots.write"), edit),
    ]


def _share() -> rx.Component:
    link = rx.el.div(
        rx.el.a(
            ChatbotState.public_url,
            href=ChatbotState.public_url,
            target="_blank",
            rel="noopener",
            class_name="pb-door-link pb-link-line",
        ),
        copy_button(ChatbotState.public_url, label="link"),
        class_name="pb-snippet",
    )
    return section(
        "Share it",
        card(
            rx.el.div(
                rx.el.div(
                    rx.el.div("Its own page", class_name="pb-label"),
                    link,
                    rx.el.p("Send this link to anybody.", class_name="pb-help"),
                    class_name="pb-field",
                ),
                rx.el.div(
                    rx.el.div("On your website", class_name="pb-label"),
                    code_snippet(ChatbotState.embed_code, label="embed code"),
                    rx.el.p("Paste this line into your pages, just before the end of the body.", class_name="pb-help"),
                    class_name="pb-field",
                ),
                class_name="pb-stack",
            )
        ),
    )


def _versions() -> rx.Component:
    return section(
        "Versions",
        item_list(rx.foreach(ChatbotState.versions, _version_row)),
        lead="Every deployment is kept. Going back takes effect at once.",
    )


def _version_row(row: rx.Var[VersionRow]) -> rx.Component:
    go_back = rx.button(
        "Go back to this",
        variant="soft",
        color_scheme="gray",
        aria_label=f"Go back to version {row.number}",
        on_click=ChatbotState.ask_go_back(row.number),
    )
    may_go_back = ChatbotState.permissions.contains("bots.deploy") & ~row.is_live
    return item(
        f"Version {row.number}",
        icon=icon("history", 17),
        status=rx.cond(row.is_live, badge("Live", "good"), rx.fragment()),
        meta=[rx.fragment("By ", row.author), relative_time(row.ago, row.moment)],
        side=[rx.cond(may_go_back, go_back)],
    )


def _settings() -> rx.Component:
    bases = rx.cond(
        ChatbotState.base_links,
        rx.el.div(rx.foreach(ChatbotState.base_links, _base_link), class_name="pb-stack pb-stack-tight"),
        "None",
    )
    origins = rx.cond(
        ChatbotState.origins, rx.foreach(ChatbotState.origins, lambda origin: rx.el.div(origin)), "Every website"
    )
    color = rx.el.span(
        rx.el.span(style={"background": ChatbotState.summary["color"]}, aria_hidden="true", class_name="pb-swatch"),
        ChatbotState.summary["color"],
        class_name="pb-row",
    )
    return section(
        "How it is set",
        card(
            facts(
                ("Knowledge", bases),
                ("Answers", ChatbotState.summary["grounding"]),
                ("Model", ChatbotState.summary["model"]),
                ("Greeting", ChatbotState.summary["greeting"]),
                ("Allowed websites", origins),
                ("Colour", color),
            )
        ),
    )


def _base_link(base: rx.Var[BaseLink]) -> rx.Component:
    return rx.link(base.name, href=base.href, size="2")


def _end() -> rx.Component:
    button = rx.button(
        icon("trash-2", 15),
        "Delete chatbot",
        variant="soft",
        color_scheme="red",
        on_click=ChatbotState.ask_delete(True),
    )
    return rx.cond(
        ChatbotState.permissions.contains("bots.deploy"),
        section("Delete", card(rx.el.p("It stops answering wherever it is embedded.", class_name="pb-soft"), button)),
    )


def _go_back_dialog() -> rx.Component:
    return confirm_dialog(
        f"Go back to version {ChatbotState.going_back_to}?",
        "Visitors get its answers at once. The other versions stay, so you can return.",
        confirm="Go back",
        is_open=ChatbotState.is_going_back,
        on_open_change=ChatbotState.stay,
        on_confirm=ChatbotState.go_back,
        is_dangerous=False,
    )


def _delete_dialog() -> rx.Component:
    return confirm_dialog(
        "Delete this chatbot?",
        f"“{ChatbotState.name}” stops answering at once, wherever it is embedded. "
        "Its versions and conversations are deleted too.",
        confirm="Delete",
        is_open=ChatbotState.is_deleting,
        on_open_change=ChatbotState.ask_delete,
        on_confirm=ChatbotState.delete,
    )
