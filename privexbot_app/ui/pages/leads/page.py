"""For the team: contacts that visitors have left, from the first word to won or lost."""

import reflex as rx

from privexbot_app.ui.components import (
    empty_state,
    facts,
    icon,
    list_skeleton,
    page,
    page_header,
    select_input,
    text_input,
)
from privexbot_app.ui.components.window_list import window_list
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.leads.state import EVERYTHING, Entry, LeadsState

EXPORT = "/api/v1/leads/export?format="
ROW_PIXELS = 56


@dashboard_page(
    "/leads",
    title="Leads",
    icon="contact",
    section="Talk",
    order=55,
    permission="conversations.read",
    on_load=LeadsState.load,
)
def leads_page() -> rx.Component:
    return page(
        page_header(
            "Leads",
            "Contacts that visitors have left with their consent, one for each address.",
            actions=[_export("csv", "CSV"), _export("json", "JSON")],
        ),
        _filters(),
        rx.cond(LeadsState.is_listed, _leads(), list_skeleton()),
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
    stages = rx.foreach(LeadsState.stages, lambda stage: rx.select.item(stage["text"], value=stage["value"]))
    return rx.el.div(
        rx.debounce_input(
            rx.input(
                placeholder="Search contacts",
                aria_label="Search contacts",
                value=LeadsState.words,
                on_change=LeadsState.search,
            ),
            debounce_timeout=400,
        ),
        rx.select.root(
            rx.select.trigger(aria_label="Stage"),
            rx.select.content(rx.select.item("All stages", value=EVERYTHING), stages, position="popper"),
            value=LeadsState.status,
            on_change=LeadsState.choose_status,
        ),
        rx.el.span(LeadsState.total, rx.cond(LeadsState.total == 1, " contact", " contacts"), class_name="pb-tiny"),
        class_name="pb-inbox-filters",
    )


def _leads() -> rx.Component:
    nothing = empty_state(
        "No contacts here", "Let a bot ask for them: in its builder, or with the flow's node.", icon_name="contact"
    )
    rows = window_list(
        total=LeadsState.total,
        offset=LeadsState.offset,
        rows=LeadsState.rows,
        row_height=ROW_PIXELS,
        label="Contacts",
        current=LeadsState.lead["id"],
        on_window=LeadsState.show_window,
        on_choose=LeadsState.read,
    )
    return rx.cond(LeadsState.total > 0, rx.el.div(rows, _reading(), class_name="pb-inbox"), nothing)


def _reading() -> rx.Component:
    none = rx.el.div("Choose a contact to see its timeline.", class_name="pb-card pb-card-padded pb-help")
    lead = LeadsState.lead
    whole = rx.el.section(
        rx.el.h2(lead["title"], class_name="pb-section-title"),
        facts(("Source", lead["source"]), ("Consent", lead["consent"])),
        rx.cond(LeadsState.permissions.contains("conversations.write"), _editing()),
        rx.el.h3("Timeline", class_name="pb-section-title"),
        rx.el.ol(rx.foreach(LeadsState.timeline, _entry), class_name="pb-stack"),
        aria_label="Contact",
        class_name="pb-card pb-card-padded pb-stack",
    )
    return rx.cond(lead["id"], whole, none)


def _editing() -> rx.Component:
    return rx.el.div(
        select_input(
            "Stage",
            id="lead-stage",
            options=LeadsState.stages,
            value=LeadsState.lead["status"],
            on_change=LeadsState.move,
        ),
        rx.form(
            rx.foreach(LeadsState.fields, _field),
            rx.button("Save", type="submit", variant="soft"),
            on_submit=LeadsState.save,
            class_name="pb-stack",
        ),
        rx.form(
            text_input("Note", id="lead-note", name="text", max_length=4000),
            rx.button("Add note", type="submit", variant="soft"),
            on_submit=LeadsState.note,
            reset_on_submit=True,
            class_name="pb-stack",
        ),
        class_name="pb-stack",
    )


def _field(field: rx.Var[dict[str, str]]) -> rx.Component:
    return rx.el.label(
        rx.el.span(field["name"], class_name="pb-label"),
        rx.input(name=field["name"], default_value=field["value"], key=field["value"]),
        class_name="pb-field",
    )


def _entry(entry: rx.Var[Entry]) -> rx.Component:
    return rx.el.li(rx.el.div(entry.what, " · ", entry.exactly, class_name="pb-tiny"), rx.el.p(entry.text))
