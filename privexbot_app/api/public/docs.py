"""Interactive documentation of the API. Works offline: its scripts come from this server."""

from importlib.resources import files

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, HTMLResponse

from privexbot_app.kit.errors import NotFoundError

router = APIRouter(include_in_schema=False)

FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
START = """window.addEventListener("load", () => SwaggerUIBundle({
  url: "/api/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null,
}));
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>PrivexBot API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<script src="/api/docs/swagger-ui-bundle.js" defer></script>
<script src="/api/docs/start.js" defer></script>
</head>
<body><main id="docs"></main></body>
</html>
"""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@router.get("/api/docs")
async def docs() -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/api/docs/start.js")
async def start_script() -> Response:
    """What starts the page; a file of its own, as the page allows no inline script."""
    return Response(START, media_type="text/javascript")


@router.get("/api/docs/{name}")
async def docs_file(name: str) -> FileResponse:
    """A script or style sheet of the page."""
    if name not in FILES:
        raise NotFoundError("There is no such file.")
    headers = {"Cache-Control": "public, max-age=86400"}
    path = str(files("fastapi_offline") / "static" / name)
    return FileResponse(path, media_type=FILES[name], headers=headers)
