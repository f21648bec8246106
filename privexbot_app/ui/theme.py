"""The one visual language: Radix's scales with our accent, in both colour modes. The rest is in assets/styles.css."""

import reflex as rx

THEME = rx.theme(accent_color="indigo", gray_color="slate", radius="medium", scaling="100%", panel_background="solid")
