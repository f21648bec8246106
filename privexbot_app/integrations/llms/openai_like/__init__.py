"""Chat completions over HTTP: `model` asks and names failures, `reading` understands the answer."""

from privexbot_app.integrations.llms.openai_like.model import OpenAiLikeModel

__all__ = ["OpenAiLikeModel"]
