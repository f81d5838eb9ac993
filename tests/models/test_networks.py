"""PyTorch and ONNX: weights, exported programs, graphs."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gitrack import models
from gitrack.errors import UnreadableFile, UsageError

ROWS = np.arange(12, dtype="float32").reshape(4, 3) / 10


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="PyTorch is large, and not everywhere")


@pytest.fixture
def net(torch: Any) -> Any:
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))


@pytest.fixture
def program(torch: Any, net: Any) -> Any:
    shapes = ({0: torch.export.Dim("rows")},)
    return torch.export.export(net.eval(), (torch.tensor(ROWS),), dynamic_shapes=shapes)


def test_weights_come_back_alone_or_into_a_module(tmp_path: Path, torch: Any, net: Any) -> None:
    saved = models.save(net, tmp_path / "model", input_example=ROWS)

    weights = models.load(tmp_path / "model")
    other = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    function = models.load_function(tmp_path / "model", into=other)

    assert str(saved.signature.outputs) == "float32[-1, 2]"
    assert torch.equal(weights["0.weight"], net[0].weight)
    np.testing.assert_array_equal(function.predict(ROWS), net(torch.tensor(ROWS)).detach().numpy())
    assert "Linear(in_features=3" in (tmp_path / "model/architecture.txt").read_text()
    with pytest.raises(UsageError, match="weights of a PyTorch model without the model"):
        models.load_function(tmp_path / "model").predict(ROWS)
    with pytest.raises(UsageError, match="do not fit into this Linear"):
        models.load(tmp_path / "model", into=torch.nn.Linear(3, 4))
    with pytest.raises(UsageError, match="into is a int"):
        models.load(tmp_path / "model", into=7)


class _Evil:
    def __reduce__(self) -> Any:
        return os.system, ("true",)


def test_weights_that_are_a_pickle_of_more_are_refused(
    tmp_path: Path, torch: Any, net: Any
) -> None:
    models.save(net, tmp_path / "model")
    torch.save({"weight": _Evil()}, tmp_path / "model/state_dict.pt")

    with pytest.raises(UnreadableFile, match="holds no weights"):
        models.load(tmp_path / "model")


def test_an_exported_program_predicts_without_its_class(
    tmp_path: Path, torch: Any, net: Any, program: Any
) -> None:
    models.save(program, tmp_path / "model", input_example=ROWS)

    function = models.load_function(tmp_path / "model")

    expected = net(torch.tensor(ROWS[:2])).detach().numpy()
    np.testing.assert_allclose(function.predict(ROWS[:2].tolist()), expected, rtol=1e-6)


@pytest.mark.parametrize("how", ["a pickle", "an operator", "an expression", "a library", "code"])
def test_an_exported_program_from_a_stranger_is_looked_through(
    tmp_path: Path, program: Any, how: str
) -> None:
    models.save(program, tmp_path / "model")
    file = tmp_path / "model/data/model.pt2"
    with zipfile.ZipFile(file) as archive:
        records = {info.filename: archive.read(info) for info in archive.infolist()}
    graph = next(name for name in records if name.endswith("models/model.json"))
    if how == "a pickle":
        sample = next(name for name in records if "sample_inputs" in name)
        records[sample] = pickle.dumps(_Evil())
    elif how == "a library":
        records["model/data/aotinductor/model/lib.so"] = b"\x7fELF"
    elif how == "code":
        content = json.loads(records[graph])
        content["guards_code"] = ["__import__('os').system('true')"]
        records[graph] = json.dumps(content).encode()
    else:
        old, new = {
            "an operator": (b"torch.ops.aten.relu.default", b"torch.os.system"),
            "an expression": (b"Symbol('", b"Symbol(__import__('os').system('true') or '"),
        }[how]
        assert old in records[graph]
        records[graph] = records[graph].replace(old, new)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in records.items():
            archive.writestr(name, data)
    file.write_bytes(out.getvalue())

    with pytest.raises(UsageError, match="may run code when it is loaded") as refused:
        models.load(tmp_path / "model")
    assert refused.value.hint is not None
    assert "allow_pickle=True" in refused.value.hint


@pytest.mark.slow
def test_mlflow_runs_an_exported_program_and_a_graph(
    tmp_path: Path, torch: Any, net: Any, program: Any
) -> None:
    pytest.importorskip("mlflow", reason="real MLflow judges the folders")
    graph = _graph()
    models.save(program, tmp_path / "program", input_example=ROWS)
    models.save(graph, tmp_path / "graph", input_example=ROWS)
    code = (
        "import sys; sys.modules['gitrack'] = None\n"
        "import json, mlflow.pyfunc, numpy\n"
        f"rows = numpy.array({ROWS.tolist()}, dtype='float32')\n"
        "for name in ('program', 'graph'):\n"
        "    answer = mlflow.pyfunc.load_model(name).predict(rows)\n"
        "    answer = answer if hasattr(answer, 'tolist') else next(iter(answer.values()))\n"
        "    print(json.dumps(answer.tolist()))\n"
    )

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    np.testing.assert_allclose(theirs[0], net(torch.tensor(ROWS)).detach().numpy(), rtol=1e-6)
    np.testing.assert_allclose(theirs[1], models.load_function(tmp_path / "graph").predict(ROWS))


def _graph() -> Any:
    pytest.importorskip("onnxruntime", reason="ONNX is asked through it")
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    weights = helper.make_tensor("w", kinds.FLOAT, [3, 1], [1.0, 2.0, 3.0])
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", kinds.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("y", kinds.FLOAT, [None, 1])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def test_a_graph_comes_back_and_is_asked(tmp_path: Path) -> None:
    graph = _graph()
    models.save(graph, tmp_path / "model", input_example=ROWS)

    assert models.load(tmp_path / "model") == graph
    answer = models.load_function(tmp_path / "model").predict(ROWS.astype("float64").tolist())
    np.testing.assert_allclose(answer, ROWS @ np.array([[1.0], [2.0], [3.0]]), rtol=1e-6)


@pytest.mark.parametrize("where", ["a graph", "a function", "a sparse tensor", "an attribute"])
def test_a_graph_whose_weights_lie_elsewhere_is_refused(tmp_path: Path, where: str) -> None:
    import onnx

    graph = _graph()
    models.save(graph, tmp_path / "model")
    weights = graph.graph.initializer[0]
    weights.ClearField("float_data")
    weights.raw_data = bytes(12)
    onnx.external_data_helper.set_external_data(weights, "secret")
    weights.ClearField("raw_data")
    if where != "a graph":
        taken = onnx.TensorProto()
        taken.CopyFrom(weights)
        del graph.graph.initializer[:]
        if where == "a function":
            body = onnx.helper.make_node("Constant", [], ["k"], value=taken)
            opset = onnx.helper.make_opsetid("", 17)
            graph.functions.append(
                onnx.helper.make_function("own", "F", [], ["k"], [body], [opset])
            )
        elif where == "a sparse tensor":
            graph.graph.sparse_initializer.add().values.CopyFrom(taken)
        else:
            attribute = graph.graph.node[0].attribute.add()
            attribute.sparse_tensor.values.CopyFrom(taken)
    (tmp_path / "model/model.onnx").write_bytes(graph.SerializeToString())

    with pytest.raises(UnreadableFile, match="in other files"):
        models.load(tmp_path / "model")


def test_a_graph_that_is_none_is_refused(tmp_path: Path) -> None:
    models.save(_graph(), tmp_path / "model")
    (tmp_path / "model/model.onnx").write_bytes(b"no graph")

    with pytest.raises(UnreadableFile, match="is no ONNX model"):
        models.load(tmp_path / "model")
