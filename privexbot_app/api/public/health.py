"""Is it alive, is it ready, which version, what does it measure."""

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select

from privexbot_app.api.deps import RuntimeDep
from privexbot_app.kit.logging import get_logger
from privexbot_app.runtime import Runtime

log = get_logger(__name__)
router = APIRouter(tags=["health"])

CHECK_SECONDS = 3


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(installation: RuntimeDep) -> JSONResponse:
    """Database, Redis and the default vector store answer; 503 names those that do not."""
    plugins = installation.works.plugins
    reasons = {
        "database": await _reason(_check_database(installation)),
        "redis": await _reason(installation.works.redis.ping()),
        "vector_store": await _reason(plugins.vector_stores.get(plugins.defaults.vector_store).check()),
    }
    failed = {name: reason for name, reason in reasons.items() if reason}
    body = {"status": "unavailable" if failed else "ready", "failed": failed}
    return JSONResponse(body, status_code=503 if failed else 200)


@router.get("/version")
async def version(installation: RuntimeDep) -> dict[str, str]:
    """The version of this installation."""
    return {"name": "privexbot", "version": installation.version}


@router.get("/metrics")
async def metrics() -> Response:
    """Counts and durations for Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _check_database(installation: Runtime) -> None:
    async with installation.works.open(None, read_only=True) as work:
        await work.session.execute(select(1))


async def _reason(check: Awaitable[object]) -> str | None:
    try:
        await asyncio.wait_for(check, CHECK_SECONDS)
    except Exception as error:
        log.warning("readiness.failed", error=repr(error))
        return f"does not answer ({type(error).__name__})"
    return None
