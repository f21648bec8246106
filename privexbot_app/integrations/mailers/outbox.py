"""Mail as files in a folder, for development: each message is one `.eml` that a mail program opens."""

import asyncio
from pathlib import Path

from pydantic import BaseModel, Field

from privexbot_app.integrations.mailers.base import MAILERS, Mail, MailNotSentError, build_message
from privexbot_app.kit.ids import new_id


@MAILERS.register("outbox")
class OutboxMailer:
    """Writes into a folder. Whoever can read it can use every link in it."""

    class Config(BaseModel):
        """Where to."""

        folder: Path | None = Field(None, description="Folder of the messages; by default `outbox` in the data folder.")
        sender: str = Field("PrivexBot <privexbot@localhost>", description="Whom mail seems to come from.")

    def __init__(self, config: Config) -> None:
        self._config = config

    async def send(self, mail: Mail) -> None:
        """Write one file; names sort by time."""
        await asyncio.to_thread(self._write, build_message(mail, sender=self._config.sender).as_bytes())

    async def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, message: bytes) -> None:
        folder = self._config.folder
        if folder is None:
            raise MailNotSentError("The outbox has no folder.")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / f"{new_id()}.eml").write_bytes(message)
        except OSError as error:
            raise MailNotSentError("The message could not be written.", error=type(error).__name__) from error
