"""The one visual language: Radix's scales with our accent; both colour modes. Everything else is in assets/styles.css."""

import reflex as rx

THEME = rx.theme(accent_color="indigo", gray_color="slate", radius="medium", scaling="100%", panel_background="solid")
