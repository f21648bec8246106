"""Reflex's configuration: the name of the app and how its pages are compiled; nothing else."""

import os
import sysconfig
from pathlib import Path

import reflex as rx

from privexbot_app.ui.build import SameOriginPlugin
from privexbot_app.ui.theme import THEME

BUN = Path(sysconfig.get_path("scripts")) / ("bun.exe" if os.name == "nt" else "bun")

config = rx.Config(
    app_name="privexbot_app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[rx.plugins.TailwindV4Plugin(), rx.plugins.RadixThemesPlugin(theme=THEME), SameOriginPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin],
    **({"bun_path": BUN} if BUN.exists() else {}),
)
