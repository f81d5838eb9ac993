"""Whatever lies on the branch: each bad file is named by every command, and all other runs show."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import gitrack
from gitrack.model.run import Run, RunBundle, Status
from gitrack.store import open_store
from gitrack.store.codec.records import dump_run
from tests.cli.command import gitrack as command

EXPERIMENT = "xgboost-weather-20241022"
DAY = f"runs/{EXPERIMENT}/2024-10/22"

#: Names that are harmless wherever they are shown.
NAMES = {
    20: "n" * 300,
    21: "🚀 run",
    22: "abc\u202egnp.exe",
    23: "<script>alert(1)</script>",
    24: "two\nlines",
    25: "--rf ../.. \"'`$(x)\x1b[31m",
}

Item = tuple[str, str, bytes]


def run_id(number: int) -> str:
    return f"20241022-14{number // 60:02}{number % 60:02}-7k3f9q"


def record(number: int, **fields: object) -> bytes:
    return dump_run(a_run(number, **fields))


def a_run(number: int, **fields: object) -> Run:
    values: dict[str, object] = {
        "id": run_id(number),
        "name": f"good-{number}",
        "experiment": EXPERIMENT,
        "status": Status.FINISHED,
        "started": "2024-10-22T14:30:12.120Z",
        "ended": "2024-10-22T14:34:02.870Z",
        "metrics": {"auc": 0.5},
    }
    return Run(**{**values, **fields})  # type: ignore[arg-type]


#: number of the run: (the whole of its run.yaml, what is said of it)
RECORDS: dict[int, tuple[bytes, str]] = {
    40: (record(40).replace(b"good", b"\xff\xfe"), "line 3: not UTF-8 text"),
    41: (record(41).replace(b"format: 1", b"format: 99"), "format 99 is unknown"),
    42: (record(42).replace(b"auc: 0.5", b'auc: "high"'), "metrics.auc: expected `int | float`"),
    43: (record(43) + b'name: "again"\n', "the key 'name' stands here a second time"),
    44: (b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "an anchor (&a) is not allowed"),
    45: (record(45) + b'notes: "' + b"x" * 50_000_000 + b'"\n', "bytes are too many"),
    46: (record(46) + b'artifacts:\n- path: "../../x"\n', "does not lie inside"),
    47: (record(47) + b'artifacts:\n- path: "/etc/passwd"\n', "does not lie inside"),
    48: (record(48).replace(run_id(48).encode(), b"not-one"), "'not-one' is not a run id"),
    49: (record(40), "but its folder is"),
    50: (record(50, experiment="other"), "experiment is 'other', but its folder is"),
    51: (b"", "is empty"),
    52: (record(52) + b"tags: " + b"[" * 5000 + b"]" * 5000 + b"\n", "nested deeper"),
    53: (record(53).replace(b"good", b"\\ud83d"), "line 3"),
    54: (record(54, started="yesterday"), "started is 'yesterday', which is not a time"),
    55: (record(55).replace(b"good", b"a\0b"), "line 3: a character that YAML does not allow"),
    56: (b"hello\n", "holds 'hello' and not named fields"),
    57: (record(57).replace(b"auc: 0.5", b"auc: " + b"9" * 5000), "cannot be read"),
    58: (record(58).replace(b"finished", b"!!python/object/apply:os.system [x]"), "line"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A repository whose branch holds it all; what is to be said of which path."""
    repo = tmp_path_factory.mktemp("hostile")
    git(repo, "init", "-q")
    git(repo, "config", "user.name", "Ada")
    git(repo, "config", "user.email", "ada@example.com")
    git(repo, "commit", "-q", "--allow-empty", "-m", "start")
    good = [RunBundle(run=a_run(number)) for number in range(3)]
    good += [RunBundle(run=a_run(number, name=name)) for number, name in NAMES.items()]
    open_store(repo).commit_runs(good)

    said = {f"{DAY}/{run_id(number)}/run.yaml": why for number, (_, why) in RECORDS.items()}
    day = _items(repo, f"gitrack:{DAY}")
    for number, (data, _) in RECORDS.items():
        folder = _tree(repo, ("100644", _blob(repo, data), b"run.yaml"))
        day.append(("40000", folder, run_id(number).encode()))
    more, why = _odd_entries(repo)
    day += more
    said |= why

    inner = _tree(repo, *day)
    for name in (b"22", b"2024-10"):
        inner = _tree(repo, ("40000", inner, name))
    stray = ("100644", _blob(repo, b"stray"), b"stray.txt")
    runs = _tree(repo, ("40000", inner, EXPERIMENT.encode()), ("40000", inner, b".."), stray)
    said |= {"runs/..": "climbs out", "runs/stray.txt": "where a folder of runs should be"}
    root = [item for item in _items(repo, "gitrack") if item[2] != b"runs"]
    commit = git(
        repo,
        *("commit-tree", _tree(repo, *root, ("40000", runs, b"runs"))),
        *("-p", "gitrack", "-m", "hostile"),
    )
    git(repo, "update-ref", "refs/heads/gitrack", commit)
    return repo, said


#: Runs among the odd entries that are to show.
ODD_AND_GOOD = {60, 63, 66, 67}


def _odd_entries(repo: Path) -> tuple[list[Item], dict[str, str]]:
    """Run folders that git keeps and nobody would write."""

    def blob(number: int) -> str:
        return _blob(repo, record(number))

    text, damaged = _blob(repo, b"x"), blob(65)
    inner = _tree(repo, ("100644", text, b"x"))
    history = _blob(repo, b"step\ttime\tx\n0\t1\tabc\n\xff")
    folders: dict[bytes, list[Item]] = {
        run_id(60).encode(): [("100755", blob(60), b"run.yaml")],
        run_id(61).encode(): [("120000", _blob(repo, b"/etc/passwd"), b"run.yaml")],
        run_id(62).encode(): [
            ("100644", text, b"output.txt"),
            ("160000", "1" * 40, b"run.yaml"),
        ],
        run_id(63).encode(): [
            ("100644", history, b"history.tsv"),
            ("100644", blob(63), b"run.yaml"),
        ],
        run_id(64).encode(): [("100644", "ab" * 20, b"run.yaml")],
        run_id(65).encode(): [("100644", damaged, b"run.yaml")],
        run_id(66).encode(): [("40000", inner, b".."), ("100644", blob(66), b"run.yaml")],
        run_id(67).encode(): [("40000", inner, b".git"), ("100644", blob(67), b"run.yaml")],
        run_id(68).encode(): [("40000", inner, b"run.yaml")],
        b"-rf": [("100644", text, b"run.yaml")],
        b"<script>": [("100644", text, b"run.yaml")],
        b"\xff\n": [("100644", text, b"run.yaml")],
    }
    place = repo / ".git/objects" / damaged[:2] / damaged[2:]
    place.chmod(0o644)
    place.write_bytes(b"garbage")
    said = {
        f"{DAY}/{run_id(61)}/run.yaml": "holds '/etc/passwd' and not named fields",
        f"{DAY}/{run_id(62)}": "run.yaml is missing",
        f"{DAY}/{run_id(64)}/run.yaml": f"the object {'ab' * 20} is missing",
        f"{DAY}/{run_id(65)}/run.yaml": f"the object {damaged} is damaged",
        f"{DAY}/{run_id(66)}/..": "climbs out",
        f"{DAY}/{run_id(67)}/.git": "climbs out",
        f"{DAY}/{run_id(68)}": "run.yaml is missing",
        f"{DAY}/-rf": "'-rf' is not a run id",
        f"{DAY}/<script>": "'<script>' is not a run id",
        f"{DAY}/\\udcff\\n": "is not a run id",
    }
    return [("40000", _tree(repo, *items), name) for name, items in folders.items()], said


SHOWN = {run_id(number) for number in {0, 1, 2} | set(NAMES) | ODD_AND_GOOD}


def test_ls_names_each_and_shows_all_others(hostile):
    repo, said = hostile
    for _ in range(2):  # from the branch, then from the index
        done = command(repo, "ls", "--json")
        assert done.returncode == 0, done.stderr
        assert {run["id"] for run in json.loads(done.stdout)} == SHOWN
        told = done.stderr.splitlines()
        for path, why in said.items():
            assert [line for line in told if line.startswith(f"unreadable: {path}: ")], path
            assert any(path in line and why in line for line in told), (path, why)
        assert sum(line.startswith("unreadable: ") for line in told) == len(said)

    table = command(repo, "ls", "--limit", "0").stdout
    assert all(id in table for id in SHOWN)
    assert not any(character in table for character in "\x1b\u202e\udcff")
    assert len(table.splitlines()) == len(SHOWN) + 1


def test_show_tells_what_is_wrong_with_the_one_that_is_meant(hostile):
    repo, _ = hostile
    for number, (_, why) in RECORDS.items():
        if number in (40, 41, 51):
            done = command(repo, "show", run_id(number))
            assert done.returncode == 1
            assert f"error: {DAY}/{run_id(number)}/run.yaml: " in done.stderr
            assert why in done.stderr
    for number in (0, *ODD_AND_GOOD, *NAMES):
        done = command(repo, "show", run_id(number))
        assert done.returncode == 0, done.stderr
        assert not any(character in done.stdout for character in "\x1b\u202e")
    history = command(repo, "show", run_id(63), "--history")
    assert history.returncode == 1
    assert "history.tsv: line 3: not UTF-8 text" in history.stderr


def test_doctor_names_each(hostile):
    repo, said = hostile
    done = command(repo, "doctor", "--json")
    assert done.returncode == 1
    messages = [finding["message"] for finding in json.loads(done.stdout)["findings"]]
    for path, why in said.items():
        path = path.replace("\\udcff\\n", "")  # JSON spells them its own way
        assert any(path in message and why in message for message in messages), (path, why)
    printed = command(repo, "doctor").stdout
    assert not any(character in printed for character in "\x1b\u202e\udcff")


def test_search_runs_gives_all_others(hostile, monkeypatch):
    pytest.importorskip("pandas")
    repo, _ = hostile
    monkeypatch.chdir(repo)
    assert set(gitrack.search_runs()["run_id"]) == SHOWN
    assert len(gitrack.search_runs("metrics.auc = 0.5")) == len(SHOWN)


def test_the_site_has_all_others_and_names_each(hostile, tmp_path):
    repo, said = hostile
    done = command(repo, "site", "build", "--output", str(tmp_path / "site"), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["runs"] == len(SHOWN)
    paths = {fault["path"] for fault in report["faults"]}
    assert f"{DAY}/{run_id(63)}/history.tsv" in paths
    front = (tmp_path / "site/index.html").read_text()
    assert "<script>alert" not in front
    for path in said:
        shown = path.replace("<", "&lt;").replace(">", "&gt;").replace("\\udcff\\n", "")
        assert shown in front, path


def git(repo: Path, *arguments: str, data: bytes | None = None) -> str:
    done = subprocess.run(
        ["git", "-C", str(repo), *arguments], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def _blob(repo: Path, data: bytes) -> str:
    return git(repo, "hash-object", "-w", "--stdin", data=data)


def _tree(repo: Path, *items: Item) -> str:
    """A folder as it is given, without the checks of git's own commands."""
    ordered = sorted(items, key=lambda item: item[2] + (b"/" if item[0] == "40000" else b""))
    body = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(id) for mode, id, name in ordered
    )
    return git(repo, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=body)


def _items(repo: Path, folder: str) -> list[Item]:
    lines = [line.split(None, 3) for line in git(repo, "ls-tree", folder).splitlines()]
    return [(mode.lstrip("0"), id, name.encode()) for mode, _, id, name in lines]
