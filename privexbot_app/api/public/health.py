"""Is it alive, is it ready, which version, what does it measure."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from privexbot_app.api.deps import RuntimeDep

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(installation: RuntimeDep) -> JSONResponse:
    """Database, Redis and the default vector store answer; 503 names those that do not."""
    failed = await installation.check()
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
