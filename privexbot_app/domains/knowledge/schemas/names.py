"""What a name may look like."""

from typing import Annotated

from pydantic import Field

from privexbot_app.kit.fields import Trimmed

BaseName = Annotated[str, Trimmed, Field(min_length=1, max_length=120)]
