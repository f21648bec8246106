"""The model's forward pass written out with numpy, straight from the paper, to check the built graph against."""

import json
import math
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

HEADS = 12


def embed_by_hand(text: str, weights_path: Path) -> list[float]:
    """The vector of one text. weights_path: `model.safetensors` with `tokenizer.json` and `config.json` beside it."""
    weights = load_file(weights_path)
    config = json.loads((weights_path.parent / "config.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(weights_path.parent / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    ids = tokenizer.encode(text).ids
    hidden = weights["embeddings.word_embeddings.weight"][ids]
    hidden = hidden + weights["embeddings.position_embeddings.weight"][: len(ids)]
    hidden = hidden + weights["embeddings.token_type_embeddings.weight"][0]
    hidden = _norm(weights, "embeddings", hidden)
    for layer in range(config["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}"
        attended = _dense(weights, f"{prefix}.attention.output.dense", _attend(weights, prefix, hidden))
        hidden = _norm(weights, f"{prefix}.attention.output", attended + hidden)
        widened = _gelu(_dense(weights, f"{prefix}.intermediate.dense", hidden))
        hidden = _norm(weights, f"{prefix}.output", _dense(weights, f"{prefix}.output.dense", widened) + hidden)
    mean = hidden.mean(axis=0)
    return (mean / np.linalg.norm(mean)).tolist()


def _attend(weights: dict[str, np.ndarray], prefix: str, hidden: np.ndarray) -> np.ndarray:
    query, key, value = (
        _dense(weights, f"{prefix}.attention.self.{part}", hidden).reshape(len(hidden), HEADS, -1).swapaxes(0, 1)
        for part in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return (shares @ value).swapaxes(0, 1).reshape(len(hidden), -1)


def _dense(weights: dict[str, np.ndarray], prefix: str, hidden: np.ndarray) -> np.ndarray:
    return hidden @ weights[f"{prefix}.weight"].T + weights[f"{prefix}.bias"]


def _norm(weights: dict[str, np.ndarray], prefix: str, hidden: np.ndarray) -> np.ndarray:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return scaled * weights[f"{prefix}.LayerNorm.weight"] + weights[f"{prefix}.LayerNorm.bias"]


def _gelu(hidden: np.ndarray) -> np.ndarray:
    error_function = np.vectorize(math.erf, otypes=[np.float64])
    return 0.5 * hidden * (1.0 + error_function(hidden / math.sqrt(2.0)))
