"""create_api(): the REST API as one FastAPI application; routers are found, not listed."""

import importlib
import pkgutil
from collections.abc import Iterator

from fastapi import APIRouter, FastAPI

import privexbot_app
from privexbot_app.api import public, v1
from privexbot_app.api.errors import add_error_handlers


def create_api() -> FastAPI:
    """The API with every router of `api.v1` and `api.public`. The caller installs a Runtime before serving."""
    app = FastAPI(
        title="PrivexBot",
        version=privexbot_app.__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    add_error_handlers(app)
    for router in _routers():
        app.include_router(router)
    return app


def _routers() -> Iterator[APIRouter]:
    for package in (public, v1):  # routes are tried in order, and visitors are in more of a hurry
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            router = getattr(importlib.import_module(info.name), "router", None)
            if router is not None:
                yield router
