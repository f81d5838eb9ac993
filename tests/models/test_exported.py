"""Exported programs of strangers: what PyTorch would run is refused before PyTorch reads it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitrack.errors import UsageError
from gitrack.models import exported

Records = dict[str, bytes]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Records:
    torch = pytest.importorskip("torch", reason="PyTorch is large, and not everywhere")
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    file = tmp_path_factory.mktemp("exported") / "model.pt2"
    torch.export.save(torch.export.export(net, (torch.ones(4, 2),)), file)
    exported.check(file)
    with zipfile.ZipFile(file) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist()}


def _graph(records: Records) -> tuple[str, dict[str, Any]]:
    name = next(name for name in records if name.endswith("models/model.json"))
    return name, json.loads(records[name])


def _zip(records: Iterator[tuple[str, bytes]], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as opened:
        for name, data in records:
            opened.writestr(name, data)
    return out.getvalue()


def _called(target: str, **arguments: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["graph_module"]["graph"]["nodes"].insert(
            0,
            {
                "target": target,
                "inputs": [
                    {"name": name, "arg": arg, "kind": 1} for name, arg in arguments.items()
                ],
                "outputs": [{"as_tensor": {"name": "x"}}],
                "metadata": {},
                "name": "x",
            },
        )

    return change


def _value_called(name: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["graph_module"]["graph"]["inputs"][0]["as_tensor"]["name"] = name

    return change


def _signed(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["graph_module"]["module_call_graph"][0]["signature"][key] = value

    return change


def _sized(expression: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        values = content["graph_module"]["graph"]["tensor_values"]
        next(iter(values.values()))["sizes"][0] = {"as_expr": {"expr_str": expression}}

    return change


_IMPORTING = json.dumps({"default_factory_module": "antigravity", "default_factory_name": "fly"})
_SPEC = json.dumps([1, {"type": "collections.defaultdict", "context": _IMPORTING}])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_called("_operator.methodcaller"), "calls _operator.methodcaller"),
        (_called("torch.ops.aten.from_file.default"), "calls torch.ops.aten.from_file"),
        (_called("torch.ops.aten.__class__"), "calls torch.ops.aten.__class__"),
        (_called("torch.ops.aten._dir.append"), "calls torch.ops.aten._dir"),
        (
            _called("torch.ops.higher_order.wrap", f={"as_operator": "torch.os.system"}),
            "calls torch.os.system",
        ),
        (_value_called("x=open('stolen','w')"), "names a value x=open"),
        (_signed("forward_arg_names", ["x=print()"]), "names a value x=print"),
        (_signed("in_spec", _SPEC), "imports antigravity"),
        (_sized("9**9**9**9**9"), "evaluates 9"),
        (_sized("Pow(Integer(2), Integer(99999999999999999999))"), "evaluates Pow"),
    ],
)
def test_what_a_stranger_wrote_is_refused(
    tmp_path: Path, archive: Records, change: Callable[[dict[str, Any]], None], why: str
) -> None:
    name, content = _graph(archive)
    change(content)
    file = tmp_path / "model.pt2"
    file.write_bytes(_zip(iter({**archive, name: json.dumps(content).encode()}.items())))

    with pytest.raises(UsageError, match=why):
        exported.check(file)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("how", ["twice", "in capitals", "compressed", "something before"])
def test_an_archive_that_others_read_otherwise_is_refused(
    tmp_path: Path, archive: Records, how: str
) -> None:
    name, content = _graph(archive)
    file = tmp_path / "model.pt2"
    records = list(archive.items())
    options: dict[str, Any] = {}
    if how == "twice":
        records.append((name, json.dumps(content).encode()))
    elif how == "in capitals":
        records.append((name.upper().replace(".JSON", ".json"), json.dumps(content).encode()))
    elif how == "compressed":
        options["compression"] = zipfile.ZIP_DEFLATED
    data = _zip(iter(records), **options)
    file.write_bytes(b"PK" * 50 + data if how == "something before" else data)

    with pytest.raises(UsageError, match="may run code when it is loaded"):
        exported.check(file)


def test_sizes_that_pytorch_itself_writes_are_plain(archive: Records, tmp_path: Path) -> None:
    name, content = _graph(archive)
    _sized("Mul(Integer(2), Add(Symbol('s0', positive=True, integer=True), Integer(-1)))")(content)
    file = tmp_path / "model.pt2"
    file.write_bytes(_zip(iter({**archive, name: json.dumps(content).encode()}.items())))

    exported.check(file)
