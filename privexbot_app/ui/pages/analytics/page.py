"""For whoever runs the bots: how they do, where they fail, and a place to write what they should have said."""

import reflex as rx

from privexbot_app.ui.components import (
    empty_state,
    icon,
    note,
    page,
    page_header,
    section,
    select_input,
    stat_tile,
    table,
    tiles_skeleton,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.analytics.charts import answers_chart, conversations_chart, times_chart
from privexbot_app.ui.pages.analytics.rows import FigureRow, NodeRow, QuestionRow
from privexbot_app.ui.pages.analytics.state import PERIODS, AnalyticsState
from privexbot_app.ui.pages.analytics.unanswered import unanswered, waiting_answers, writing_dialog

HEADINGS = ("Conversations", "Answers", "Resolved", "Refused", "Time: median / 95 %", "Thumbs up / down", "Cost")


@dashboard_page(
    "/analytics",
    title="Analytics",
    icon="chart-column",
    order=45,
    permission="conversations.read",
    on_load=AnalyticsState.load,
)
def analytics_page() -> rx.Component:
    return page(
        page_header("Analytics", "How your bots do. What is only tried out never counts; days are those of UTC."),
        _choices(),
        rx.cond(AnalyticsState.is_read, _read(), tiles_skeleton()),
        writing_dialog(),
    )


def _choices() -> rx.Component:
    return rx.el.div(
        select_input(
            "Period",
            id="analytics-period",
            options=list(PERIODS.items()),
            value=AnalyticsState.period,
            on_change=AnalyticsState.choose_period,
        ),
        select_input(
            "Bot",
            id="analytics-bot",
            options=AnalyticsState.bots,
            value=AnalyticsState.bot,
            on_change=AnalyticsState.choose_bot,
        ),
        rx.el.a(
            rx.button(icon("download", 16), "Export CSV", variant="soft", tab_index=-1),
            href=AnalyticsState.export_href,
            download="",
            class_name="pb-analytics-export",
        ),
        class_name="pb-analytics-choices",
    )


def _read() -> rx.Component:
    nothing = empty_state(
        "Nobody has asked anything yet",
        "Put a bot on your website, or share its link; figures appear with the first conversation.",
        icon_name="chart-column",
    )
    return rx.fragment(rx.cond(AnalyticsState.has_figures, _figures(), nothing), waiting_answers(), unanswered())


def _figures() -> rx.Component:
    total = AnalyticsState.total
    return rx.fragment(
        rx.el.div(
            stat_tile("Conversations", total.conversations, icon_name="messages-square"),
            stat_tile("Visitors", AnalyticsState.visitors, icon_name="users"),
            stat_tile("Resolved", total.resolved, icon_name="circle-check", hint="of the conversations"),
            stat_tile("Refused", total.refused, icon_name="circle-help", hint=f"of {total.answers} answers"),
            stat_tile("Response time", total.time, icon_name="timer", hint="median / 95 of 100"),
            stat_tile("Thumbs up / down", total.thumbs, icon_name="thumbs-up"),
            stat_tile("Cost of tokens", total.cost, icon_name="coins", hint="by the prices of the installation"),
            class_name="pb-grid-4",
        ),
        section("Day by day", conversations_chart(), answers_chart(), times_chart(), _as_table()),
        section("Bots", _table("Bot", AnalyticsState.by_bot, label="Figures by bot")),
        section("Channels", _table("Channel", AnalyticsState.by_channel, label="Figures by channel")),
        rx.cond(AnalyticsState.nodes, _funnel()),
        section("Asked most", _top_questions()),
    )


def _as_table() -> rx.Component:
    return rx.el.details(
        rx.el.summary("The same as a table"),
        _table("Day", AnalyticsState.days, label="Figures by day"),
        class_name="pb-details",
    )


def _table(first: str, rows: rx.Var[list[FigureRow]], *, label: str) -> rx.Component:
    return table((first, *HEADINGS), rx.foreach(rows, _figure_row), label=label)


def _figure_row(row: rx.Var[FigureRow]) -> rx.Component:
    cells = (row.conversations, row.answers, row.resolved, row.refused, row.time, row.thumbs, row.cost)
    return rx.el.tr(rx.el.th(row.name, scope="row"), *(rx.el.td(cell) for cell in cells))


def _funnel() -> rx.Component:
    return section(
        "The way through the chatflow",
        table(
            ("Node", "Type", "Reached", "Left by", "Failed", "Never came back"),
            rx.foreach(AnalyticsState.nodes, _node_row),
            label="Nodes of the chatflow",
        ),
    )


def _node_row(row: rx.Var[NodeRow]) -> rx.Component:
    cells = (row.type, row.reached, row.ports, row.failed, row.waiting)
    return rx.el.tr(rx.el.th(row.node_id, scope="row"), *(rx.el.td(cell) for cell in cells))


def _top_questions() -> rx.Component:
    return rx.cond(
        AnalyticsState.questions,
        table(("Question", "Times"), rx.foreach(AnalyticsState.questions, _question_row), label="Asked most"),
        note("No questions in this period."),
    )


def _question_row(row: rx.Var[QuestionRow]) -> rx.Component:
    return rx.el.tr(rx.el.th(row.question, scope="row"), rx.el.td(row.count))
