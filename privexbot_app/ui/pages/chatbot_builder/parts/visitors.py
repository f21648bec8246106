"""The tabs of the form that say what visitors meet: looks, consent, contact form, first words, the page of its own."""

import reflex as rx

from privexbot_app.ui.components import note
from privexbot_app.ui.pages.chatbot_builder.fields import AS_SET
from privexbot_app.ui.pages.chatbot_builder.parts.controls import line, lines, select
from privexbot_app.ui.pages.chatbot_builder.parts.look import look_preview
from privexbot_app.ui.pages.chatbot_builder.parts.tabs import tab

LANGUAGES = (
    (AS_SET, "As the visitor’s browser"),
    ("ar", "Arabic"),
    ("zh", "Chinese"),
    ("nl", "Dutch"),
    ("en", "English"),
    ("fr", "French"),
    ("de", "German"),
    ("he", "Hebrew"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("es", "Spanish"),
)
YES_NO = (("False", "No"), ("True", "Yes"))
MOMENTS = (
    ("before", "Before the first message"),
    ("after", "After some answers"),
    ("request", "When a chatflow asks"),
)


def appearance() -> rx.Component:
    return tab(
        rx.el.div(
            rx.el.div(
                line("Title", "appearance.title", max_length=80, placeholder="The chatbot’s name"),
                line("Colour", "appearance.color", type="color", class_name="pb-color"),
                select(
                    "Look",
                    "appearance.theme",
                    (("auto", "As the visitor’s device"), ("light", "Light"), ("dark", "Dark")),
                ),
                select("Position", "appearance.position", (("right", "Bottom right"), ("left", "Bottom left"))),
                select("Language", "appearance.language", LANGUAGES),
                line(
                    "Picture",
                    "appearance.avatar_url",
                    type="url",
                    placeholder="https://",
                    help_text="Shown beside the title; it must come from this installation’s own address.",
                ),
                lines(
                    "Own words",
                    "appearance.texts",
                    rows="3",
                    placeholder="Send = Ask away",
                    help_text="One on each line: the widget’s English words, an equals sign, yours.",
                ),
                class_name="pb-stack",
            ),
            look_preview(),
            class_name="pb-grid-2",
        )
    )


def visitors() -> rx.Component:
    """What visitors are asked, and when the chatbot speaks first."""
    return tab(
        rx.el.div(
            select("Ask for consent before the chat", "consent.is_asked", YES_NO),
            line("Privacy policy", "consent.url", type="url", placeholder="https://"),
            class_name="pb-grid-2",
        ),
        lines(
            "What visitors agree to", "consent.text", rows="2", placeholder="Your messages are processed to answer you."
        ),
        rx.el.div(
            select("Ask for contact details", "lead_capture.is_enabled", YES_NO),
            select("When", "lead_capture.when", MOMENTS),
            line("After how many answers", "lead_capture.after_messages", type="number", min=1, max=50),
            select("The chat waits for them", "lead_capture.is_required", YES_NO),
            class_name="pb-grid-2",
        ),
        lines("Fields", "lead_capture.fields", rows="3", help_text="One on each line, such as name, email, phone."),
        line("Sentence above the form", "lead_capture.message", max_length=300),
        lines("Consent to be contacted", "lead_capture.consent_text", rows="2"),
        lines(
            "Speak first",
            "proactive",
            rows="3",
            placeholder="delay | 20 | /prices | Any questions about our prices?",
            help_text="One rule on each line: delay, scroll or exit; seconds or percent; a part of the page’s address, "
            "or nothing; the message.",
        ),
    )


def page() -> rx.Component:
    """The chatbot’s own page."""
    return tab(
        line("Title", "page.title", max_length=80, placeholder="The chatbot’s title"),
        line("Logo", "page.logo_url", type="url", placeholder="https://"),
        select("Search engines may list it", "page.is_listed", YES_NO),
        line(
            "Password",
            "page.password",
            type="password",
            autocomplete="new-password",
            help_text="Visitors of the page must know it. Empty for none. It is stored as a hash.",
        ),
        note(
            "For a frame on your website use /embed/ instead of /chat/ in the link; only the allowed websites may "
            "frame it. The page has the chatbot’s colour and look.",
            tone="neutral",
        ),
    )
