"""The model loads, and its signature accepts its own example."""

from __future__ import annotations

from pathlib import Path

from gitrack.config.gates import ModelGate
from gitrack.errors import ArtifactError, GitrackError, MissingExtra
from gitrack.model.display import safe
from gitrack.registry.gates.bytes_of import brought, located
from gitrack.registry.gates.case import CannotJudge, Case
from gitrack.registry.gates.finding import Finding, failed, passed
from gitrack.store.layout import RECORD


def judge_model(case: Case, gate: ModelGate) -> Finding:
    """No code of the folder is run: a pickle does not pass."""
    found = located(case, case.standing, case.version.artifact)
    source = f"{case.source.removesuffix(RECORD)}artifacts/{found.artifact.path}"
    folder = brought(case, found)
    if not folder.is_dir():
        return _no(f"{found.path} is a file, not the folder of a model", source)
    try:
        return _tried(folder, source)
    except (MissingExtra, ArtifactError) as error:
        raise CannotJudge(str(error)) from error
    except GitrackError as error:
        if (error.hint or "").startswith("pip install"):  # another machine has the library
            raise CannotJudge(str(error)) from error
        return _no(f"it does not load: {error}", source)
    except Exception as error:  # noqa: BLE001 - libraries raise whatever they like about bytes they dislike
        said = safe(f"{type(error).__name__}: {error}")[:300]
        return _no(f"it does not take its own example: {said}", source)


def _tried(folder: Path, source: str) -> Finding:
    from gitrack.models import load_function, read_example

    function = load_function(folder)
    example = read_example(folder)
    if example is None:
        return _no(
            "it loads, and carries no example to try it with; log it with input_example=X[:5]",
            source,
        )
    if function.signature.inputs is None:
        return _no("it loads, and has no signature; log it with input_example=X[:5]", source)
    function.predict(example)
    return passed(
        f"{function.flavor} loads, and predicts from its own example",
        source=source,
        value=True,
        required=True,
    )


def _no(says: str, source: str) -> Finding:
    return failed(says, source=source, value=False, required=True)
