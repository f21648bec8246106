"""The charts. Pictures for those who see them; the table below them says the same."""

import reflex as rx

from privexbot_app.ui.components import card
from privexbot_app.ui.pages.analytics.state import AnalyticsState

HEIGHT = 210
QUIET = {"stroke": "var(--gray-9)", "font_size": "12px", "tick_line": False}
SERIES = ("var(--accent-9)", "var(--amber-9)")


def conversations_chart() -> rx.Component:
    """Conversations by day."""
    return _framed(
        "Conversations",
        rx.recharts.bar_chart(rx.recharts.bar(data_key="Conversations", fill=SERIES[0], radius=3), *_axes(), **_size()),
    )


def answers_chart() -> rx.Component:
    """Answers and refusals by day, one upon the other."""
    bars = [
        rx.recharts.bar(data_key=name, fill=colour, stack_id="answers")
        for name, colour in zip(("Answered", "Refused"), SERIES, strict=True)
    ]
    return _framed("Answers and refusals", rx.recharts.bar_chart(*bars, *_axes(), rx.recharts.legend(), **_size()))


def times_chart() -> rx.Component:
    """Response times by day."""
    lines = [
        rx.recharts.line(data_key=name, stroke=colour, dot=False, connect_nulls=True, type_="monotone")
        for name, colour in zip(("Median", "95 of 100"), SERIES, strict=True)
    ]
    return _framed(
        "Response time in milliseconds", rx.recharts.line_chart(*lines, *_axes(), rx.recharts.legend(), **_size())
    )


def _framed(title: str, chart: rx.Component) -> rx.Component:
    return card(rx.el.div(chart, role="img", aria_label=f"Chart: {title} by day"), title=title)


def _axes() -> tuple[rx.Component, ...]:
    return (
        rx.recharts.x_axis(data_key="day", min_tick_gap=24, **QUIET),
        rx.recharts.y_axis(allow_decimals=False, width=46, **QUIET),
        rx.recharts.cartesian_grid(stroke="var(--gray-a4)", vertical=False),
        rx.recharts.graphing_tooltip(
            content_style={"background": "var(--pb-card)", "border": "1px solid var(--pb-line-strong)"}
        ),
    )


def _size() -> dict[str, object]:
    return {"data": AnalyticsState.chart, "width": "100%", "height": HEIGHT, "accessibility_layer": False}
