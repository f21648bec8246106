"""The dialogs of templates and files."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import dialog_actions, icon, item, item_list, text_area
from privexbot_app.ui.components.text_file import text_file
from privexbot_app.ui.pages.chatflows.exchange import ExchangeState, ReportLine, TemplateRow

LONGEST_FILE = 450_000
"""Characters. A message of the dashboard has at most a million bytes; longer files go through the REST API."""


def template_dialog() -> rx.Component:
    """Finished flows to begin with."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Begin with a template"),
            rx.dialog.description("A finished flow that you make your own.", class_name="pb-lead"),
            item_list(rx.foreach(ExchangeState.templates, _template_row)),
            dialog_actions(rx.dialog.close(rx.button("Cancel", variant="soft", color_scheme="gray"))),
            max_width="42rem",
        ),
        open=ExchangeState.is_choosing,
        on_open_change=ExchangeState.show_templates,
    )


def _template_row(row: rx.Var[TemplateRow]) -> rx.Component:
    use = rx.button("Use", variant="soft", aria_label=f"Use {row.title}", on_click=ExchangeState.begin_from(row.name))
    return item(row.title, icon=icon("layout-template", 17), meta=[row.description, row.nodes], side=[use])


def import_dialog() -> rx.Component:
    """A file, chosen or pasted."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Import a chatflow"),
            rx.dialog.description(
                "An export of this product, Dify, Flowise or Typebot. You are told what has no equivalent here.",
                class_name="pb-lead",
            ),
            rx.form(
                rx.el.div(
                    text_file(
                        into="flow-file",
                        accept=".yml,.yaml,.json,text/yaml,application/json",
                        max_characters=LONGEST_FILE,
                        label="Choose a file…",
                    ),
                    text_area(
                        "YAML or JSON",
                        id="flow-file",
                        name="content",
                        rows="8",
                        max_length=LONGEST_FILE,
                        class_name="kb-code",
                        problem=ExchangeState.problem,
                    ),
                    class_name="pb-stack",
                ),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button("Import", type="submit"),
                ),
                no_validate=True,
                on_submit=ExchangeState.import_file,
                class_name="pb-dialog-form",
            ),
            max_width="36rem",
        ),
        open=ExchangeState.is_importing,
        on_open_change=ExchangeState.show_import,
    )


def report_dialog() -> rx.Component:
    """What was read, what was lost, what is to be chosen."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("The draft is there"),
            rx.dialog.description(ExchangeState.summary, class_name="pb-lead"),
            rx.el.div(
                _lines("No equivalent here", ExchangeState.unsupported),
                _lines("Kept with changes", ExchangeState.changed),
                _lines("To be chosen", ExchangeState.missing),
                class_name="pb-stack",
                style={"max_height": "50vh", "overflow_y": "auto"},
                tab_index=0,
                role="region",
                aria_label="What became of the file",
            ),
            dialog_actions(
                rx.dialog.close(rx.button("Close", variant="soft", color_scheme="gray")),
                rx.link(rx.button("Open in the editor"), href=routes.chatflow_editor(ExchangeState.draft_id)),
            ),
            max_width="36rem",
        ),
        open=ExchangeState.is_reporting,
        on_open_change=ExchangeState.show_report,
    )


def _lines(title: str, lines: rx.Var[list[ReportLine]]) -> rx.Component:
    rows = item_list(rx.foreach(lines, lambda line: item(line.title, meta=[line.reason])))
    return rx.cond(lines, rx.el.section(rx.heading(title, as_="h3", size="2"), rows))
