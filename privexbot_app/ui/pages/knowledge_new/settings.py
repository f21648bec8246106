"""How documents are cut, and how passages are found. The form follows the chunkers' own settings."""

import reflex as rx

from privexbot_app.ui.components import card
from privexbot_app.ui.components.tuning import chunking_fields, retrieval_fields
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState


def settings_card() -> rx.Component:
    """The third part of the wizard."""
    return card(
        rx.el.div(
            chunking_fields(NewBaseState),
            rx.el.hr(class_name="kb-line"),
            retrieval_fields(NewBaseState),
            class_name="pb-stack",
        ),
        title="3. Chunking and retrieval",
        lead="Chatbots read passages, not whole documents. The usual settings suit most documents.",
    )
