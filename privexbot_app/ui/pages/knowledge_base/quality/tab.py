"""The tab itself: why one wants golden questions, how the last run went, the questions, the gate, the history."""

import reflex as rx

from privexbot_app.ui.components import (
    badge,
    card,
    confirm_dialog,
    empty_state,
    icon,
    list_skeleton,
    note,
    relative_time,
    stat_tile,
    switch_input,
    table,
    text_input,
)
from privexbot_app.ui.components.ticker import ticker
from privexbot_app.ui.knowledge.golden import LINE_HEIGHT, LINE_WIDTH, GoldenRow, RunRow
from privexbot_app.ui.pages.knowledge_base.quality.dialogs import golden_dialogs
from privexbot_app.ui.pages.knowledge_base.quality.state import QualityState
from privexbot_app.ui.session import ScopedState

CAN_WRITE = ScopedState.permissions.contains("kb.write")
WHY = (
    "Write down questions that visitors ask, and where their answers are. A run shows whether they are found, and "
    "which answers have changed since the last one, so that you see at once what a new document or setting does."
)
GATE = (
    "Chatbots that answer from this knowledge base cannot be deployed unless the last run found at least this share "
    "of the golden questions. Chatbots that are live stay as they are."
)
OUTCOMES = (("all", "All"), ("missed", "Not found"), ("changed", "Changed"))


def quality_tab() -> rx.Component:
    """Everything about golden questions."""
    return rx.el.div(
        rx.cond(
            QualityState.is_quality_shown,
            rx.cond((QualityState.golden_total > 0) | (QualityState.runs.length() > 0), _shown(), _nothing()),
            list_skeleton(3),
        ),
        golden_dialogs(),
        confirm_dialog(
            "Delete this golden question?",
            "“" + QualityState.forgetting + "” will not be asked any more. Earlier runs stay as they are.",
            confirm="Delete",
            is_open=QualityState.forgetting_id != "",
            on_open_change=QualityState.keep_golden,
            on_confirm=QualityState.forget_golden,
        ),
        on_mount=QualityState.open_quality,
        class_name="pb-stack pb-stack-wide",
    )


def _nothing() -> rx.Component:
    first = rx.cond(CAN_WRITE, rx.el.div(*_adding(), class_name="pb-actions"))
    return empty_state("Know that the right passages are found", WHY, icon_name="list-checks", actions=[first])


def _adding() -> list[rx.Component]:
    return [
        rx.button(icon("plus", 16), "Add question", on_click=QualityState.open_golden_dialog("question")),
        rx.button(
            icon("file-up", 15),
            "Import CSV",
            variant="soft",
            color_scheme="gray",
            on_click=QualityState.open_golden_dialog("csv"),
        ),
    ]


def _shown() -> rx.Component:
    return rx.fragment(
        rx.cond(QualityState.is_running, _running()),
        rx.cond(
            QualityState.run_failed,
            note("The last run broke off. Please try it again.", icon_name="circle-alert", tone="bad"),
        ),
        rx.cond(QualityState.figures_of_run.length() > 0, _figures()),
        _questions(),
        _gate(),
        rx.cond(QualityState.runs.length() > 0, _history()),
    )


def _running() -> rx.Component:
    return rx.el.div(
        ticker(every=2000, on_tick=QualityState.watch_run),
        rx.el.span(QualityState.run_words, role="status", class_name="pb-soft"),
        rx.el.progress(aria_label="The run", class_name="kb-bar"),
        class_name="kb-busy",
    )


def _figures() -> rx.Component:
    figures = QualityState.figures_of_run
    return rx.el.div(
        stat_tile("Recall", figures[0], icon_name="target", hint="Questions whose passage was among the first ten."),
        stat_tile(
            "Mean reciprocal rank",
            figures[1],
            icon_name="list-ordered",
            hint="How far up it was: 1 is always first, 0.5 is second.",
        ),
        stat_tile(
            "Changed answers", figures[2], icon_name="git-compare", hint="Answers unlike those of the run before."
        ),
        class_name="pb-grid-3",
    )


def _questions() -> rx.Component:
    outcome = rx.segmented_control.root(
        *(rx.segmented_control.item(word, value=value) for value, word in OUTCOMES),
        value=QualityState.wanted_outcome,
        on_change=QualityState.choose_outcome,
        aria_label="Which questions",
    )
    run = rx.button(
        icon("play", 15),
        "Run",
        disabled=QualityState.is_running | (QualityState.golden_total == 0),
        on_click=QualityState.start_run,
    )
    return rx.el.div(
        rx.el.div(
            outcome,
            rx.el.div(class_name="pb-spring"),
            rx.cond(CAN_WRITE, rx.fragment(_adding()[1], _soft_add(), run)),
            class_name="pb-toolbar",
        ),
        rx.cond(
            QualityState.golden.length() > 0,
            rx.el.ol(rx.foreach(QualityState.golden, _question), aria_label="Golden questions", class_name="kb-chunks"),
            empty_state("No such questions", "None of the golden questions is like this.", icon_name="search-x"),
        ),
        rx.cond(QualityState.golden_pages > 1, _pager()),
        class_name="pb-stack",
    )


def _soft_add() -> rx.Component:
    return rx.button(
        icon("plus", 16),
        "Add question",
        variant="soft",
        on_click=QualityState.open_golden_dialog("question"),
    )


def _question(row: rx.Var[GoldenRow]) -> rx.Component:
    remove = rx.icon_button(
        icon("trash-2", 15),
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label="Delete " + row.question,
        title="Delete",
        on_click=QualityState.ask_forget(row.id),
    )
    return rx.el.li(
        rx.el.div(
            rx.el.span(row.question, dir="auto", class_name="pb-strong kb-grow kb-wrap"),
            badge(row.outcome_words, row.tone),
            rx.cond(row.earlier != "", badge("Changed", "warn")),
            rx.cond(CAN_WRITE, remove),
            class_name="pb-row kb-golden-head",
        ),
        rx.el.div(
            rx.el.span("Expected: " + row.expected, dir="auto"),
            rx.cond(row.origin != "", rx.el.span(row.origin)),
            class_name="pb-item-meta kb-wrap",
        ),
        rx.cond(
            row.earlier != "",
            rx.el.div(_answer("Now", row.answer), _answer("Before", row.earlier), class_name="kb-two"),
            rx.cond(row.answer != "", _answer("Answer", row.answer)),
        ),
        class_name="kb-chunk",
    )


def _answer(label: str, text: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.div(label, class_name="pb-tiny"),
        rx.el.div(text, dir="auto", class_name="kb-text kb-answer"),
    )


def _pager() -> rx.Component:
    style = {"variant": "soft", "color_scheme": "gray"}
    page = QualityState.golden_page
    return rx.el.div(
        rx.button(icon("chevron-left", 15), "Back", disabled=page <= 1, on_click=QualityState.turn_golden(-1), **style),
        rx.el.span(QualityState.golden_page_words, role="status", class_name="pb-soft"),
        rx.button(
            "Next",
            icon("chevron-right", 15),
            disabled=page >= QualityState.golden_pages,
            on_click=QualityState.turn_golden(1),
            **style,
        ),
        class_name="kb-between",
    )


def _gate() -> rx.Component:
    verdict = rx.match(
        QualityState.gate_verdict,
        ("passed", badge("Passed", "good")),
        ("missed", badge("Not passed", "bad")),
        ("waiting", badge("Waits for a first run", "warn")),
        badge("Off", "neutral"),
    )
    minimum = text_input(
        "Minimum recall in percent",
        id="gate-minimum",
        type="number",
        min=1,
        max=100,
        disabled=~CAN_WRITE,
        value=QualityState.gate_percent.to_string(),
        on_change=QualityState.change_minimum,
        problem=QualityState.gate_problem,
    )
    return card(
        rx.el.div(
            rx.el.div(
                switch_input(
                    "Check before deploying",
                    id="gate",
                    help_text=GATE,
                    checked=QualityState.gate_is_on,
                    disabled=~CAN_WRITE,
                    on_change=QualityState.switch_gate,
                ),
                verdict,
                class_name="kb-between kb-top",
            ),
            rx.cond(QualityState.gate_is_on, rx.el.div(minimum, class_name="kb-short-field")),
            class_name="pb-stack",
        ),
        title="Quality gate",
    )


def _history() -> rx.Component:
    line = rx.el.svg(
        rx.el.svg.line(x1="0", y1="0", x2=str(LINE_WIDTH), y2="0", class_name="kb-line-edge"),
        rx.el.svg.line(x1="0", y1=str(LINE_HEIGHT), x2=str(LINE_WIDTH), y2=str(LINE_HEIGHT), class_name="kb-line-edge"),
        rx.el.svg.polyline(points=QualityState.recall_line, class_name="kb-line-recall"),
        custom_attrs={
            "viewBox": f"-4 -4 {LINE_WIDTH + 8} {LINE_HEIGHT + 8}",
            "role": "img",
            "aria-label": "Recall of the runs below, oldest first, between 0 and 100 percent",
        },
        class_name="kb-recall",
    )
    headings = ("When", "Status", "Questions", "Recall", "Mean reciprocal rank", "Changed")
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Runs", class_name="pb-section-title"),
            rx.cond(QualityState.recall_line != "", line),
            class_name="kb-between",
        ),
        table(headings, rx.foreach(QualityState.runs, _run), label="Runs"),
        class_name="pb-stack pb-stack-tight",
    )


def _run(row: rx.Var[RunRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(relative_time(row.ago, row.exactly)),
        rx.el.td(badge(row.status, row.tone)),
        rx.el.td(row.questions),
        rx.el.td(row.recall),
        rx.el.td(row.place),
        rx.el.td(row.changed),
    )
