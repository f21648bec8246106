"""What a source did not take in, by reason, folded until somebody asks."""

import reflex as rx

from privexbot_app.ui.components.basics import Text
from privexbot_app.ui.knowledge.sources import LeftOut


def reasons(summary: Text, groups: rx.Var[list[LeftOut]]) -> rx.Component:
    """Reasons with the items that they hold for. summary: how many, empty for none."""
    return rx.cond(
        summary != "",
        rx.el.details(
            rx.el.summary(summary, class_name="kb-summary"),
            rx.el.div(rx.foreach(groups, _group), class_name="pb-stack pb-stack-tight kb-details"),
        ),
    )


def _group(group: rx.Var[LeftOut]) -> rx.Component:
    return rx.el.details(
        rx.el.summary(rx.el.span(group.count, class_name="kb-rank kb-count"), group.reason, class_name="kb-reason"),
        rx.el.ul(
            rx.foreach(group.places, lambda place: rx.el.li(place, class_name="kb-wrap")),
            rx.cond(group.more != "", rx.el.li(group.more)),
            class_name="kb-places",
        ),
    )
