"""Who did what: read it, filter it, take it along, and check that nobody has changed it."""

import reflex as rx

from privexbot_app.ui.components import (
    empty_state,
    field,
    icon,
    list_skeleton,
    note,
    page,
    page_header,
    relative_time,
    select_input,
    table,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.audit_log.state import KINDS, ORGANIZATION, WORKSPACE, AuditLogState, EntryRow


@dashboard_page(
    "/audit-log",
    title="Audit log",
    icon="scroll-text",
    section="Workspace",
    order=86,
    permission="audit.read",
    on_load=AuditLogState.load,
)
def audit_log_page() -> rx.Component:
    verify = rx.button(icon("shield-check", 16), "Check", variant="soft", on_click=AuditLogState.verify)
    return page(
        page_header(
            "Audit log",
            "Every change, and who made it. Entries hang together in a chain and cannot be edited or deleted.",
            actions=[verify, _export()],
        ),
        rx.cond(AuditLogState.is_listed, rx.fragment(_filters(), _verdict(), _entries()), list_skeleton()),
    )


def _export() -> rx.Component:
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(rx.button(icon("download", 16), "Export")),
        rx.dropdown_menu.content(
            rx.dropdown_menu.item("As CSV", on_select=AuditLogState.export("csv")),
            rx.dropdown_menu.item("As JSON", on_select=AuditLogState.export("json")),
            variant="soft",
            align="end",
        ),
    )


def _filters() -> rx.Component:
    logs = rx.segmented_control.root(
        rx.segmented_control.item("This workspace", value=WORKSPACE),
        rx.segmented_control.item("Organization", value=ORGANIZATION),
        value=AuditLogState.which,
        on_change=AuditLogState.choose_log,
        aria_label="Whose log",
    )
    return rx.el.div(
        rx.cond(AuditLogState.has_organization, logs),
        rx.el.div(
            select_input(
                "About", id="log-kind", options=KINDS, value=AuditLogState.kind, on_change=AuditLogState.choose_kind
            ),
            select_input(
                "By",
                id="log-person",
                options=AuditLogState.people,
                value=AuditLogState.person,
                on_change=AuditLogState.choose_person,
            ),
            _day("From", "log-since", AuditLogState.since, AuditLogState.choose_since),
            _day("To", "log-until", AuditLogState.until, AuditLogState.choose_until),
            class_name="pb-grid-4",
        ),
        rx.el.p(AuditLogState.filter_problem, role="alert", class_name="pb-problem"),
        class_name="pb-stack",
    )


def _day(label: str, id: str, value: rx.Var[str], choose: rx.EventHandler) -> rx.Component:
    return field(label, rx.input(id=id, type="date", size="2", width="100%", value=value, on_change=choose), id=id)


def _verdict() -> rx.Component:
    good = note(AuditLogState.verdict, icon_name="shield-check", tone="info")
    bad = note(AuditLogState.verdict, icon_name="triangle-alert", tone="bad")
    shown = rx.cond(AuditLogState.is_whole, good, bad)
    return rx.el.div(rx.cond(AuditLogState.verdict != "", shown), aria_live="polite")


def _entries() -> rx.Component:
    rows = rx.foreach(AuditLogState.entries, _entry_row)
    nothing = empty_state("Nothing here", "No change fits these filters.", icon_name="scroll-text")
    more = rx.button("Show more", variant="soft", color_scheme="gray", on_click=AuditLogState.show_more)
    return rx.fragment(
        rx.cond(AuditLogState.entries, table(("What", "Which", "Who", "When"), rows, label="Audit log"), nothing),
        rx.cond(AuditLogState.cursor != "", rx.el.div(more, class_name="pb-actions")),
    )


def _entry_row(entry: rx.Var[EntryRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(entry.event),
        rx.el.td(entry.subject),
        rx.el.td(entry.actor),
        rx.el.td(relative_time(entry.ago, entry.moment), class_name="pb-soft"),
    )
