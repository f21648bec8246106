"""The file behind one FAISS index: a log of what was added and removed, in entries of one size.

A log starts with a head: a magic word, the vectors' length, and a random id that tells a log from one that took its
place under the same name. Adding to its end is one write and one flush to the disk; an entry that a crash has cut off
is not read, and is cut off for good by the next writer. Writers hold the folder's lock; readers need none.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = b"PXFAISS1"
HEAD_BYTES = 32
ADD, REMOVE_CHUNK, REMOVE_DOCUMENT = 1, 2, 3
Entries = np.ndarray[Any, np.dtype[Any]]


def entry_type(dimensions: int) -> np.dtype[Any]:
    """What one entry holds. An action of 0 is a hole that a power failure has left."""
    return np.dtype(
        [("action", "u1"), ("chunk", "V16"), ("document", "V16"), ("vector", "<f4", (dimensions,))], align=False
    )


class Log:
    """One log, opened for reading from its start. Raises FileNotFoundError; ValueError if it is no log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if len(head) < HEAD_BYTES or not head.startswith(MAGIC):
            raise ValueError(f"{path.name} is not a log of vectors")
        self.head = head
        self.dimensions = int.from_bytes(head[8:12], "little")
        self.position = HEAD_BYTES
        self._type = entry_type(self.dimensions)

    def read_new(self) -> Entries | None:
        """The entries since the last call; None if another log stands in this one's place, or none any more."""
        try:
            with self.path.open("rb") as file:
                if file.read(HEAD_BYTES) != self.head:
                    return None
                file.seek(self.position)
                raw = file.read()
        except FileNotFoundError:
            return None
        whole = len(raw) // self._type.itemsize
        entries = np.frombuffer(raw, self._type, count=whole)
        holes = np.flatnonzero(entries["action"] == 0)
        entries = entries[: holes[0]] if len(holes) else entries
        self.position += entries.nbytes
        return entries

    def append(self, entries: Entries) -> None:
        """Write entries behind those that were read. Only under the folder's lock, after `read_new`."""
        with self.path.open("r+b") as file:
            file.truncate(self.position)
            file.seek(self.position)
            file.write(entries.tobytes())
            file.flush()
            os.fsync(file.fileno())


def write_log(path: Path, dimensions: int, entries: Entries) -> None:
    """Put a new log in the place of whatever is there, at one stroke."""
    head = MAGIC + dimensions.to_bytes(4, "little") + secrets.token_bytes(HEAD_BYTES - 12)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(head)
        file.write(entries.tobytes())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name, too, must survive a power failure
    finally:
        os.close(folder)
