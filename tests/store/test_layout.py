"""Where things lie on the branch."""

from __future__ import annotations

import pytest
import yaml

from gitrack.errors import InvalidName
from gitrack.store.layout import (
    first_files,
    part_of_day,
    place_of,
    run_folder,
    why_misplaced,
)

ID = "20241022-143012-7k3f9q"
FOLDER = f"runs/weather/2024-10/22/{ID}"


def test_a_run_lies_under_its_experiment_and_day():
    assert run_folder("weather", ID) == FOLDER
    assert run_folder("weather", ID, part=3) == f"runs/weather/2024-10/22-3/{ID}"


@pytest.mark.parametrize("path", [FOLDER, f"{FOLDER}/run.yaml", f"{FOLDER}/artifacts/a/b.png"])
def test_a_path_is_taken_apart(path: str):
    place = place_of(path)
    assert place is not None
    assert place.folder == FOLDER
    assert (place.experiment, place.id) == ("weather", ID)


def test_overflow_folders_are_found():
    place = place_of(f"runs/weather/2024-10/22-2/{ID}/run.yaml")
    assert place is not None
    assert place.day == "22-2"
    assert part_of_day("22/", "22") == 1
    assert part_of_day("22-2/", "22") == 2
    assert part_of_day("23/", "22") is None
    assert part_of_day("22-1/", "22") is None


@pytest.mark.parametrize(
    "path",
    [
        "runs/weather",
        f"runs/weather/2024-10/{ID}/run.yaml",
        f"runs/weather/2024-11/22/{ID}/run.yaml",
        f"runs/weather/2024-10/23/{ID}/run.yaml",
        f"runs/weather/2024-10/22-1/{ID}/run.yaml",
        f"runs/../2024-10/22/{ID}/run.yaml",
        "runs/weather/2024-10/22/latest/run.yaml",
        f"registry/weather/2024-10/22/{ID}/run.yaml",
    ],
)
def test_other_places_are_no_runs(path: str):
    assert place_of(path) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (f"{FOLDER}/artifacts/x", None),
        ("runs/weather/2024-10/22/.dvc/config", None),
        ("runs/weather/2024-10/22/.dvcignore", None),
        (FOLDER, "a file lies where a run's folder should be"),
        ("runs/notes.txt", "a file lies where a folder of runs should be"),
        ("runs/weather/2024-10/22/latest/run.yaml", "'latest' is not a run id"),
        (f"runs/weather/2024-10/23/{ID}/run.yaml", f"{ID} does not belong into the folder"),
        (f"{FOLDER}/../../x", "the path climbs out of its folder"),
        (f"{FOLDER}/.GIT/hooks/x", "the path climbs out of its folder"),
    ],
)
def test_strays_are_told_why(path: str, why: str | None):
    found = why_misplaced(path)
    assert found is None if why is None else why in str(found)


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", ".git", "x\n", "e\u0301"])
def test_names_that_cannot_be_folders_are_refused(name: str):
    with pytest.raises(InvalidName):
        run_folder(name, ID)


def test_ids_that_are_none_are_refused():
    with pytest.raises(InvalidName):
        run_folder("weather", "../../x")


def test_a_new_branch_explains_itself():
    files = first_files("delays")
    assert yaml.safe_load(files["format.yaml"]) == {"format": 1, "project": "delays"}
    assert yaml.safe_load(first_files()["format.yaml"]) == {"format": 1}
    assert b"run.yaml" in files["README.md"]
