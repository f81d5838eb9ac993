"""What a run's predictions say, found when it ends, while their files are still at hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.artifacts import check_name
from gitrack.errors import ArtifactError
from gitrack.model.evaluation import FILE, Evaluation, EvaluationSet
from gitrack.tracking import notice
from gitrack.tracking.journals.fold import Folded
from gitrack.tracking.logged.files import ARTIFACTS

if TYPE_CHECKING:
    from gitrack.tracking.place import Place

_KIND = "predictions"


def evaluation_of(
    place: Place, folder: Path | None, folded: Folded, earlier: Mapping[str, bytes]
) -> dict[str, bytes]:
    """`evaluation.json` with its bytes, if there are predictions. Never the end of a run."""
    names = [
        name
        for name, file in sorted(folded.artifacts.items())
        if file.artifact == _KIND and file.uri is None and file.md5 is None
    ]
    if folder is None or (not names and FILE not in earlier):
        return {}
    from gitrack.tracking.content.evaluation import united  # late: most runs log no predictions

    sample = place.config.capture.predictions_sample
    found = {name: one for name in names if (one := _evaluated(folder, name, sample)) is not None}
    data = united(earlier.get(FILE), Evaluation(sets=found), folded.artifacts)
    return {} if data is None else {FILE: data}


def _evaluated(folder: Path, name: str, sample: int) -> EvaluationSet | None:
    from gitrack.tracking.content.evaluation import NotEvaluable, evaluate

    path = inside(folder, ARTIFACTS, name)
    if not path.is_file():
        return None  # whoever keeps artifacts says so
    try:
        return evaluate(path, sample=sample)
    except NotEvaluable as why:
        notice.warn_once(f"evaluation {name}", f"{name} gives no curves: {why}")
    except Exception as trouble:  # noqa: BLE001 - the predictions are kept, whatever they hold
        notice.warn_once(f"evaluation {name}", f"{name} gives no curves: {notice.worded(trouble)}")
    return None


def inside(folder: Path, below: str, name: str) -> Path:
    """A file that was written there, and not one to which somebody else's journal leads."""
    path = folder / below / check_name(name)
    if not path.resolve().is_relative_to(folder.resolve()):
        hint = f"remove {folder} if you did not put it there"
        raise ArtifactError(f"{path} leads out of the run's folder", hint=hint)
    return path
