"""What people give to a knowledge base, read from a request: files as multipart, everything else as JSON."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile

from privexbot_app.domains.knowledge.schemas import NewSource
from privexbot_app.domains.knowledge.sources import UploadedFile, require_size
from privexbot_app.kit.errors import InvalidError
from privexbot_app.runtime import Runtime

SOURCE_ADAPTER: TypeAdapter[Any] = TypeAdapter(NewSource)
MOST_FILES = 200
SOURCES_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
            "application/json": {"schema": {"type": "object", "required": ["type"]}},
        },
    }
}
"""How the body is documented; it is read by hand, as one route takes both forms."""


def is_multipart(request: Request) -> bool:
    """Whether the request carries files."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read_files(request: Request, installation: Runtime) -> list[UploadedFile]:
    """The files of a request. Raises FileTooLargeError, InvalidError (`no_files`)."""
    files = []
    async with request.form(max_files=MOST_FILES) as form:
        for upload in form.getlist("files"):
            if not isinstance(upload, UploadFile):
                raise InvalidError("The field “files” must hold files.", code="no_files")
            require_size(upload.size or 0, limit_bytes=installation.max_upload_bytes)
            files.append(UploadedFile(upload.filename or "unnamed", await upload.read()))
    return files


async def read_source(request: Request) -> NewSource:
    """The source that a JSON body describes. Raises RequestValidationError naming what is wrong."""
    body = await request.body()
    try:
        return SOURCE_ADAPTER.validate_json(body)
    except ValidationError as error:
        problems = [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors(include_url=False)]
        raise RequestValidationError(problems) from error
