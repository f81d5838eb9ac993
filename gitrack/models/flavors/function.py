"""Any callable, or object with `predict`: a pickle, so only where it is allowed."""

from __future__ import annotations

from typing import Any

from gitrack.errors import UsageError
from gitrack.models import mlmodel, pickled
from gitrack.models.flavors.flavor import Flavor, Loading, Saved, Saving
from gitrack.models.standalone import gitrack_function_model as standalone
from gitrack.models.standalone import put_code
from gitrack.models.tables import described

KEY = "gitrack_function"
FILE = "function.pkl"


def _understands(model: object) -> bool:
    return not isinstance(model, type) and (callable(model) or hasattr(model, "predict"))


def _save(model: Any, saving: Saving) -> Saved:
    if not saving.allow_pickle:
        raise UsageError(
            f"a {described(model)} can only be saved as a pickle",
            hint="log_model(…, allow_pickle=True), and load it the same way; or log a model of a "
            "library that has a format of its own",
        )
    pickled.dump(model, saving.folder / FILE)
    code = put_code(standalone, saving.folder)
    return Saved(
        flavors={KEY: {"data": FILE, "serialization_format": "cloudpickle"}},
        function={
            "loader_module": standalone.__name__.rpartition(".")[2],
            "data": FILE,
            "code": code,
        },
        modules=("cloudpickle", "numpy", "pandas"),
        pickled=True,
    )


def _load(loading: Loading) -> Any:
    file = mlmodel.file_of(loading.folder, loading.conf(KEY), "data")
    pickled.must_be_allowed(loading.allow_pickle, file.name)
    loading.needs.compare("cloudpickle")
    return pickled.load(file, loading.needs)


FLAVOR = Flavor(
    key=KEY,
    name="python_function",
    understands=_understands,
    save=_save,
    load=_load,
    predict=standalone.predict,
)
