"""A model in memory becomes a folder that gitrack, MLflow and people can read."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from gitrack.errors import UsageError
from gitrack.models import flavors, mlmodel
from gitrack.models.environment import checked_requirements, environment_files, pinned
from gitrack.models.example import Example, first_rows, make_example
from gitrack.models.flavors import prepared
from gitrack.models.flavors.flavor import Flavor, Saved, Saving
from gitrack.models.signature import Signature, infer_signature, output_schema
from gitrack.models.tables import as_data


class SavedModel(msgspec.Struct, frozen=True, kw_only=True):
    """What was saved. `untrusted` are types that whoever loads it has to trust by name."""

    flavor: str
    signature: Signature
    requirements: list[str]
    example_rows: int
    pickled: bool
    untrusted: tuple[str, ...]


def save(
    model: Any,
    folder: Path,
    *,
    input_example: Any = None,
    signature: Any = None,
    requirements: Sequence[str] | None = None,
    preprocessor: Any = None,
    allow_pickle: bool = False,
) -> SavedModel:
    """Write a model into `folder`, which must not exist yet; it is whole, or not there.

    `signature` is a Signature, a pair (inputs, outputs) of data, data of inputs alone, or False
    for none; without it, it is taken from `input_example` and what the model says of it. At most
    five rows of the example are kept. Raises UsageError.
    """
    if preprocessor is not None:
        model = prepared.together(model, preprocessor)
    flavor = flavors.flavor_of(model)
    listed = None if requirements is None else checked_requirements(requirements)
    if folder.exists():
        raise UsageError(f"{folder} exists already", hint="name a folder that does not")
    example = None if input_example is None else make_example(input_example)
    found = _signature(signature, input_example, example, flavor, model)
    folder.mkdir(parents=True)
    try:
        allowed = Saving(
            folder=folder,
            allow_pickle=allow_pickle,
            example=None if example is None else example.data,
        )
        saved = flavor.save(model, allowed)
        modules = (*saved.modules, *(("pandas",) if found.inputs and found.inputs.columns else ()))
        needed = pinned(modules) if listed is None else listed
        _describe(folder, saved, found, example, needed)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return SavedModel(
        flavor=saved.name or flavor.name,
        signature=found,
        requirements=needed,
        example_rows=example.rows if example else 0,
        pickled=saved.pickled,
        untrusted=saved.untrusted,
    )


def _describe(
    folder: Path,
    saved: Saved,
    signature: Signature,
    example: Example | None,
    requirements: Sequence[str],
) -> None:
    import platform

    function = saved.function and {
        **saved.function,
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "python_version": platform.python_version(),
    }
    description = mlmodel.Description(
        flavors={**({mlmodel.FUNCTION: function} if function else {}), **saved.flavors},
        signature=signature,
        example=example.info if example else None,
    )
    files = environment_files(requirements) | (example.files if example else {})
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / mlmodel.NAME).write_bytes(mlmodel.dump(description))


def _signature(
    given: Any, input_example: Any, example: Example | None, flavor: Flavor, model: Any
) -> Signature:
    if given is False:
        return Signature()
    if isinstance(given, Signature):
        return given
    if isinstance(given, tuple) and len(given) == 2:
        return infer_signature(*given)
    if given is not None:
        return Signature(
            infer_signature(given).inputs,
            _outputs(flavor, model, first_rows(as_data(given, "the signature"))),
        )
    if example is None:
        return Signature()
    # what is missing in any row makes a column optional, so all that were given are looked at
    return Signature(infer_signature(input_example).inputs, _outputs(flavor, model, example.data))


def _outputs(flavor: Flavor, model: Any, rows: Any) -> Any:
    try:
        predicted = flavor.predict(model, rows)
    except Exception as error:
        raise UsageError(
            f"the model cannot predict its input example: {type(error).__name__}: "
            f"{' '.join(str(error).split())[:300]}",
            hint="give rows as they come before any preparation that the model does itself; "
            "signature=False logs it without",
        ) from error
    return output_schema(predicted)
