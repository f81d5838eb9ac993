"""A model's folder becomes a model in memory again: without MLflow, and without its code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitrack.errors import UsageError
from gitrack.models import flavors, mlmodel
from gitrack.models.environment import Needs
from gitrack.models.flavors.flavor import Flavor, Loading
from gitrack.models.signature import Signature


class ModelFunction:
    """A loaded model as one function: data as people have it in, predictions out."""

    def __init__(self, model: Any, flavor: Flavor, signature: Signature) -> None:
        self.model = model
        self.flavor = flavor.name
        self.signature = signature
        self._predict = flavor.predict

    def predict(self, data: Any) -> Any:
        """Predictions for a DataFrame, array, dict of columns or list of rows.

        Columns are put into the model's order and types, others dropped, preparation that
        travels with the model is done. Raises UsageError for data that does not fit.
        """
        return self._predict(self.model, self.signature.fitted(data))

    def __call__(self, data: Any) -> Any:
        return self.predict(data)

    def __repr__(self) -> str:
        takes = f", takes {self.signature.inputs}" if self.signature.inputs else ""
        return f"<{self.flavor} model{takes}>"


def load(
    folder: Path,
    *,
    allow_pickle: bool = False,
    trusted: Sequence[str] = (),
    into: Any = None,
) -> Any:
    """The model in a folder, as its library has it.

    `trusted` names further types that a skops file may hold, `into` is the module of PyTorch that
    saved weights go into. Raises UnreadableFile for what is no model or a hostile one, and
    UsageError where a package is missing or a pickle was not allowed.
    """
    model, _, _ = _loaded(folder, allow_pickle, trusted, into)
    return model


def load_function(
    folder: Path,
    *,
    allow_pickle: bool = False,
    trusted: Sequence[str] = (),
    into: Any = None,
) -> ModelFunction:
    """The model in a folder as one function; see `load`."""
    return ModelFunction(*_loaded(folder, allow_pickle, trusted, into))


def describe(folder: Path) -> tuple[str, Signature]:
    """The flavor and the signature of the model in a folder, which is not loaded."""
    description = mlmodel.read(folder)
    return flavors.flavor_in(description).name, description.signature


def _loaded(
    folder: Path, allow_pickle: bool, trusted: Sequence[str], into: Any
) -> tuple[Any, Flavor, Signature]:
    if isinstance(trusted, str) or not all(isinstance(name, str) for name in trusted):
        raise UsageError(
            f"trusted={trusted!r:.80} is no list of names", hint="trusted=['features.Rates']"
        )
    description = mlmodel.read(folder)
    flavor = flavors.flavor_in(description)
    loading = Loading(
        folder=folder,
        description=description,
        needs=Needs.of(folder),
        allow_pickle=allow_pickle,
        trusted=tuple(trusted),
        into=into,
    )
    return flavor.load(loading), flavor, description.signature
