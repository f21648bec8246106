"""What tokens cost, as the operator has set it."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field


class ModelPrice(BaseModel):
    """The price of a million tokens, in the currency that the operator thinks in."""

    prompt: float = Field(ge=0, description="Price of a million prompt tokens.")
    completion: float = Field(ge=0, description="Price of a million completion tokens.")


Prices = Mapping[str, ModelPrice]
"""By "provider/model", model or provider, whichever is the first to be found."""


def find_price(name: str, prices: Prices) -> ModelPrice | None:
    """The price of a model "provider/model", or None if nobody has set it.

    >>> find_price("openai_like/small", {"small": ModelPrice(prompt=1, completion=2)}).completion
    2.0
    """
    provider, _, model = name.partition("/")
    return next((prices[known] for known in (name, model, provider) if known and known in prices), None)


def cost_of(tokens: Mapping[str, Sequence[int]], prices: Prices) -> float | None:
    """What [prompt, completion] tokens by model cost; None where a price is missing.

    >>> cost_of({"a/b": [1_000_000, 500_000]}, {"b": ModelPrice(prompt=2, completion=8)})
    6.0
    >>> cost_of({"a/b": [1, 1]}, {}) is None
    True
    """
    cost = 0.0
    for name, (prompt, completion) in tokens.items():
        price = find_price(name, prices)
        if price is None:
            return None
        cost += (prompt * price.prompt + completion * price.completion) / 1_000_000
    return round(cost, 6)
