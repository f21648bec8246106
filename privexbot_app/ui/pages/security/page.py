"""How the user signs in, and where they are signed in."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    badge,
    card,
    confirm_dialog,
    copy_button,
    dialog_actions,
    icon,
    item,
    item_list,
    list_skeleton,
    note,
    page,
    page_header,
    relative_time,
    section,
    text_input,
)
from privexbot_app.ui.door import door_form, password_field
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.security.state import DeviceRow, SecurityState, WayRow
from privexbot_app.ui.ways import ways_in


@dashboard_page("/account/security", title="Sign-in and security", on_load=SecurityState.load)
def security_page() -> rx.Component:
    listed = rx.fragment(_ways(), rx.el.div(_password(), _second_factor(), class_name="pb-grid-2"), _devices())
    return page(
        page_header(
            "Sign-in and security",
            "How you prove that it is you, and where you are signed in.",
            back=("Account", routes.account()),
        ),
        rx.cond(SecurityState.problem, note(SecurityState.problem, icon_name="circle-alert", tone="bad")),
        rx.cond(SecurityState.is_listed, listed, list_skeleton(4)),
        _proof_dialog(),
        _remove_dialog(),
        _set_up_dialog(),
        # The page's script presses these: it has no other way to reach the state.
        rx.el.button(id="ways-changed", type="button", hidden=True, on_click=SecurityState.refresh),
        rx.el.button(id="ask-for-proof", type="button", hidden=True, on_click=SecurityState.ask_for_proof),
    )


def _ways() -> rx.Component:
    verified = rx.cond(SecurityState.is_email_verified, badge("Verified", "good"), badge("Not verified", "warn"))
    password = item(
        "Password",
        icon=icon("key-round", 17),
        status=rx.cond(SecurityState.email, verified, rx.fragment()),
        meta=[SecurityState.email],
    )
    name = text_input(
        "Name of a new passkey",
        id="passkey-name",
        placeholder="My phone",
        max_length=60,
        help_text="Only you see it, in the list above.",
    )
    return section(
        "Ways in",
        item_list(
            rx.cond(SecurityState.has_password, password),
            rx.foreach(SecurityState.linked, _way_row),
        ),
        card(
            rx.el.div(name, ways_in(SecurityState.offered, use="link"), class_name="pb-stack"),
            title="Add a way in",
            lead="Each of them opens this account. The last one cannot be removed.",
        ),
    )


def _way_row(way: rx.Var[WayRow]) -> rx.Component:
    return item(
        way.kind,
        icon=icon("log-in", 17),
        meta=[way.label, rx.fragment("used ", relative_time(way.ago, way.moment))],
        side=[
            rx.icon_button(
                icon("trash-2", 16),
                variant="ghost",
                color_scheme="gray",
                margin="0",
                aria_label=f"Remove {way.kind} {way.label}",
                title="Remove",
                on_click=SecurityState.ask_remove(way.id, way.label),
            )
        ],
    )


def _password() -> rx.Component:
    new = password_field(
        auto_complete="new-password", name="new_password", label="New password", help_text="At least 8 characters."
    )
    current = password_field(auto_complete="current-password", name="current_password", label="Current password")
    endpoint = "/api/v1/auth/browser/password"
    change = door_form(current, new, endpoint=endpoint, submit="Change the password", then="reload")
    first = door_form(new, endpoint=endpoint, submit="Set a password", then="reload")
    return card(
        rx.cond(SecurityState.has_password, change, first),
        title="Password",
        lead="A new password signs every other device out.",
    )


def _second_factor() -> rx.Component:
    on = rx.el.div(
        rx.el.p(badge("On", "good"), " ", SecurityState.codes_left, " recovery codes left", class_name="pb-soft"),
        rx.el.div(
            rx.button("New recovery codes", variant="soft", on_click=SecurityState.renew_codes),
            rx.button("Turn off", variant="soft", color_scheme="red", on_click=SecurityState.remove_second_factor),
            class_name="pb-actions",
        ),
        class_name="pb-stack",
    )
    off = rx.button(icon("shield", 15), "Set up", variant="soft", on_click=SecurityState.begin_second_factor)
    return card(
        rx.cond(SecurityState.has_second_factor, on, off),
        title="Second step",
        lead="After the first way in, a code of an authenticator app is asked for. Passkeys need none.",
    )


def _devices() -> rx.Component:
    others = rx.button(
        "Sign out everywhere else", variant="soft", color_scheme="gray", on_click=SecurityState.end_other_sessions
    )
    return section(
        "Devices",
        item_list(rx.foreach(SecurityState.devices, _device_row)),
        lead="Where you are signed in. Of an address only its network is kept.",
        actions=[rx.cond(SecurityState.devices.length() > 1, others)],
    )


def _device_row(device: rx.Var[DeviceRow]) -> rx.Component:
    end = rx.button(
        "Sign out",
        variant="soft",
        color_scheme="gray",
        aria_label=f"Sign out {device.name}",
        on_click=SecurityState.end_session(device.id),
    )
    return item(
        device.name,
        icon=icon("monitor", 17),
        meta=[device.details, rx.fragment("seen ", relative_time(device.ago, device.moment))],
        side=[rx.cond(device.is_current, badge("This device", "good"), end)],
    )


def _proof_dialog() -> rx.Component:
    password = text_input("Password", id="proof-password", name="password", type="password", auto_focus=True)
    code = text_input("Or a code of your authenticator app", id="proof-code", name="code")
    form = rx.form(
        rx.el.div(
            rx.cond(SecurityState.has_password, password),
            rx.cond(SecurityState.has_second_factor, code),
            rx.cond(
                SecurityState.has_password | SecurityState.has_second_factor,
                rx.fragment(),
                note("You have no password. Link a wallet or passkey of yours again, or sign out and in again."),
            ),
            rx.el.p(SecurityState.proof_problem, role="alert", class_name="pb-problem"),
            class_name="pb-stack",
        ),
        dialog_actions(
            rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
            rx.button("Confirm", type="submit"),
        ),
        on_submit=SecurityState.prove,
        class_name="pb-dialog-form",
    )
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Is it you?"),
            rx.dialog.description("Your last sign-in is a while ago, and this matters.", class_name="pb-lead"),
            form,
            max_width="26rem",
        ),
        open=SecurityState.is_proving,
        on_open_change=SecurityState.show_proof,
    )


def _remove_dialog() -> rx.Component:
    return confirm_dialog(
        "Remove this way in?",
        f"{SecurityState.removing['label']} will not open this account any more.",
        confirm="Remove",
        is_open=SecurityState.is_removing,
        on_open_change=SecurityState.keep,
        on_confirm=SecurityState.remove,
    )


def _set_up_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.cond(SecurityState.codes, _codes(), _scan()),
            max_width="30rem",
        ),
        open=SecurityState.is_setting_up,
        on_open_change=SecurityState.show_set_up,
    )


def _scan() -> rx.Component:
    return rx.fragment(
        rx.dialog.title("Set up the second step"),
        rx.dialog.description("Scan this with an authenticator app, then enter its code.", class_name="pb-lead"),
        rx.form(
            rx.el.div(
                rx.el.div(
                    rx.html(SecurityState.qr_svg), role="img", aria_label="QR code for the app", class_name="pb-qr"
                ),
                rx.el.div(
                    rx.el.code(SecurityState.secret),
                    copy_button(SecurityState.secret, label="secret"),
                    class_name="pb-snippet",
                ),
                text_input(
                    "Code",
                    id="first-code",
                    name="code",
                    auto_complete="one-time-code",
                    problem=SecurityState.setup_problem,
                    required=True,
                ),
                class_name="pb-stack",
            ),
            dialog_actions(
                rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                rx.button("Turn on", type="submit"),
            ),
            on_submit=SecurityState.confirm_second_factor,
            class_name="pb-dialog-form",
        ),
    )


def _codes() -> rx.Component:
    every = SecurityState.codes.join("\n")
    return rx.fragment(
        rx.dialog.title("Keep these recovery codes"),
        rx.dialog.description(
            "Each opens your account once when the app is lost. They are not shown again.", class_name="pb-lead"
        ),
        rx.el.ul(rx.foreach(SecurityState.codes, lambda code: rx.el.li(code)), class_name="pb-codes", role="list"),
        dialog_actions(
            copy_button(every, label="recovery codes"),
            rx.dialog.close(rx.button("I have kept them", type="button")),
        ),
    )
