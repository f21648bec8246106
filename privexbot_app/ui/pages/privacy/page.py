"""Admins: how long a workspace keeps things, one person's data out or away, and whom the installation talks to."""

import reflex as rx

from privexbot_app.ui.components import (
    card,
    confirm_dialog,
    icon,
    item,
    item_list,
    list_skeleton,
    page,
    page_header,
    section,
    switch_input,
    text_input,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.privacy.state import HostRow, PrivacyState

DAYS = (
    ("conversations_days", "Conversations", "After the last message, with everything in them."),
    ("traces_days", "Traces of chatflows", "What each node did in a turn."),
    ("leads_days", "Leads", "Contacts that visitors left."),
)


@dashboard_page(
    "/privacy",
    title="Privacy",
    icon="eye-off",
    section="Workspace",
    order=85,
    permission="workspace.manage",
    on_load=PrivacyState.load,
)
def privacy_page() -> rx.Component:
    return page(
        page_header("Privacy", "What this workspace keeps of people, and whom it talks to."),
        rx.cond(PrivacyState.is_listed, rx.fragment(_retention(), _person(), _hosts()), list_skeleton()),
        _question(),
    )


def _retention() -> rx.Component:
    fields = [
        text_input(
            f"{label}, days",
            id=kind.replace("_", "-"),
            name=kind,
            default_value=PrivacyState.days[kind],
            key=f"{kind}-{PrivacyState.days[kind]}",
            help_text=text,
            placeholder="Kept until somebody deletes them",
            input_mode="numeric",
        )
        for kind, label, text in DAYS
    ]
    problem = rx.el.p(PrivacyState.days_problem, class_name="pb-problem", role="alert")
    form = rx.form(
        rx.el.div(*fields, problem, rx.el.div(rx.button("Save", type="submit", variant="soft")), class_name="pb-stack"),
        no_validate=True,
        on_submit=PrivacyState.save_days,
    )
    return section("How long things are kept", card(form), lead="The audit log is kept apart, and for good.")


def _person() -> rx.Component:
    form = rx.form(
        rx.el.div(
            text_input(
                "E-mail", id="person-email", name="email", problem=PrivacyState.person_problem, auto_complete="off"
            ),
            text_input(
                "Visitor id",
                id="person-id",
                name="visitor_id",
                help_text="As your website tells it.",
                auto_complete="off",
            ),
            rx.el.div(rx.button(icon("search", 15), "Find", type="submit", variant="soft")),
            class_name="pb-stack",
        ),
        no_validate=True,
        on_submit=PrivacyState.look,
    )
    return section(
        "One person",
        card(form, rx.cond(PrivacyState.is_found, _found())),
        lead="Take out or erase everything that is stored of somebody who has asked for it.",
    )


def _found() -> rx.Component:
    documents = switch_input(
        "Also delete documents that name the address",
        id="person-documents",
        help_text=PrivacyState.documents.join(", "),
        checked=PrivacyState.with_documents,
        on_change=PrivacyState.choose_documents,
    )
    return rx.el.div(
        rx.el.p(PrivacyState.summary, role="status"),
        rx.cond(PrivacyState.documents, documents),
        rx.el.div(
            rx.button(icon("download", 15), "Export", variant="soft", on_click=PrivacyState.take_out),
            rx.button("Erase", variant="soft", color_scheme="red", on_click=PrivacyState.ask(True)),
            class_name="pb-actions",
        ),
        class_name="pb-stack",
    )


def _hosts() -> rx.Component:
    nobody = card(rx.el.p("Nobody: this installation keeps everything to itself.", class_name="pb-help"))
    return section(
        "Hosts that are talked to",
        rx.cond(PrivacyState.hosts, item_list(rx.foreach(PrivacyState.hosts, _host_row)), nobody),
        lead="Named by settings, sources, connections, credentials and chatflows.",
    )


def _host_row(row: rx.Var[HostRow]) -> rx.Component:
    return item(row.host, icon=icon("globe", 17), meta=[row.reasons])


def _question() -> rx.Component:
    return confirm_dialog(
        "Erase this person?",
        "Their conversations and leads are deleted for good; in what others wrote the address is replaced.",
        confirm="Erase",
        is_open=PrivacyState.is_asking,
        on_open_change=PrivacyState.ask,
        on_confirm=PrivacyState.erase,
    )
