"""The web process: installs the runtime, mounts the pages, passes the REST API along, all on one port."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx

from privexbot_app import runtime, ui
from privexbot_app.api.app import create_api
from privexbot_app.api.edge import ASGIApp, Edge
from privexbot_app.bootstrap import build_runtime, warm_up
from privexbot_app.kit.logging import set_up_logging
from privexbot_app.settings import Settings
from privexbot_app.ui.layout import mount_pages
from privexbot_app.ui.notify import tell

IS_COMPILING = os.environ.get("PRIVEXBOT_COMPILING") == "1"


class PrivexBot(rx.App):
    """Reflex's application inside our edge."""

    def __call__(self) -> ASGIApp:
        """The whole process as one ASGI application."""
        inner = super().__call__()
        installation = runtime.current()
        return Edge(
            inner,
            max_upload_bytes=installation.max_upload_bytes,
            trusted_proxy_hops=installation.trusted_proxy_hops,
            has_https=installation.has_https,
            api=api,
        )


@asynccontextmanager
async def _run_process() -> AsyncIterator[None]:
    """What runs beside the server: warming up after the port is open, letting go at the end."""
    warm_up(runtime.current())
    yield
    await runtime.current().close()


settings = Settings()
set_up_logging(settings.log_level)
runtime.install(build_runtime(settings))
api = create_api()
app = PrivexBot(
    api_transformer=api,
    html_lang="en",
    stylesheets=ui.STYLESHEETS,
    head_components=ui.head_components(),
    backend_exception_handler=tell,
)
app.register_lifespan_task(_run_process)
mount_pages(app)
