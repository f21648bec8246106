"""How far a run can be. Below tables and schemas, as both speak of it."""

from enum import StrEnum


class RunStatus(StrEnum):
    """How far a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
