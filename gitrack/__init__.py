"""Experiment tracking and a model registry without a server.

    import gitrack

    with gitrack.start_run("xgboost-baseline-20241015", params={"max_depth": 8}) as run:
        run.log_metric("auc", 0.89)

Every name below is loaded when it is first used, so that `import gitrack` costs next to nothing.
"""

from __future__ import annotations

import atexit
import sys

__version__ = "0.1.0"

TYPE_CHECKING = False  # as type checkers know it: typing takes ten times as long as all the rest
if TYPE_CHECKING:
    from gitrack import errors
    from gitrack.analysis.leakage import check_leakage
    from gitrack.analysis.search import search_runs
    from gitrack.analysis.version_diff import compare_versions
    from gitrack.registry.audit import audit
    from gitrack.registry.gates.preview import judge
    from gitrack.registry.on_project import (
        add_evidence,
        delete_alias,
        describe_model,
        model_evidence,
        model_history,
        model_version,
        model_versions,
        register_model,
        registered_model,
        registered_models,
        set_alias,
        tag_model,
    )
    from gitrack.registry.promotion.promote import promote, rollback
    from gitrack.retrieval.load import load_model
    from gitrack.tracking.active import active_run, end_run, set_experiment, start_run
    from gitrack.tracking.integrations import lightgbm_callback, xgboost_callback
    from gitrack.tracking.integrations.autolog import autolog
    from gitrack.tracking.on_active import (
        delete_tag,
        log_artifact,
        log_artifacts,
        log_bytes,
        log_dataset,
        log_dict,
        log_evidence,
        log_figure,
        log_metric,
        log_metrics,
        log_model,
        log_param,
        log_params,
        log_predictions,
        log_reference,
        log_seeds,
        log_table,
        log_text,
        set_notes,
        set_tag,
        set_tags,
        use_artifact,
    )
    from gitrack.tracking.run import Run
    from gitrack.tracking.seeds import seed_everything

__all__ = [
    "Run",
    "__version__",
    "active_run",
    "add_evidence",
    "audit",
    "autolog",
    "check_leakage",
    "compare_versions",
    "delete_alias",
    "delete_tag",
    "describe_model",
    "end_run",
    "errors",
    "judge",
    "lightgbm_callback",
    "load_model",
    "log_artifact",
    "log_artifacts",
    "log_bytes",
    "log_dataset",
    "log_dict",
    "log_evidence",
    "log_figure",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_param",
    "log_params",
    "log_predictions",
    "log_reference",
    "log_seeds",
    "log_table",
    "log_text",
    "model_evidence",
    "model_history",
    "model_version",
    "model_versions",
    "promote",
    "register_model",
    "registered_model",
    "registered_models",
    "rollback",
    "search_runs",
    "seed_everything",
    "set_alias",
    "set_experiment",
    "set_notes",
    "set_tag",
    "set_tags",
    "start_run",
    "tag_model",
    "use_artifact",
    "xgboost_callback",
]

_ELSEWHERE = {
    "Run": "gitrack.tracking.run",
    "active_run": "gitrack.tracking.active",
    "add_evidence": "gitrack.registry.on_project",
    "audit": "gitrack.registry.audit",
    "autolog": "gitrack.tracking.integrations",
    "check_leakage": "gitrack.analysis.leakage",
    "compare_versions": "gitrack.analysis.version_diff",
    "delete_alias": "gitrack.registry.on_project",
    "describe_model": "gitrack.registry.on_project",
    "end_run": "gitrack.tracking.active",
    "judge": "gitrack.registry.gates.preview",
    "lightgbm_callback": "gitrack.tracking.integrations",
    "load_model": "gitrack.retrieval.load",
    "model_evidence": "gitrack.registry.on_project",
    "model_history": "gitrack.registry.on_project",
    "model_version": "gitrack.registry.on_project",
    "model_versions": "gitrack.registry.on_project",
    "register_model": "gitrack.registry.on_project",
    "registered_model": "gitrack.registry.on_project",
    "registered_models": "gitrack.registry.on_project",
    "promote": "gitrack.registry.promotion.promote",
    "rollback": "gitrack.registry.promotion.promote",
    "search_runs": "gitrack.analysis.search",
    "seed_everything": "gitrack.tracking.seeds",
    "set_alias": "gitrack.registry.on_project",
    "set_experiment": "gitrack.tracking.active",
    "start_run": "gitrack.tracking.active",
    "tag_model": "gitrack.registry.on_project",
    "xgboost_callback": "gitrack.tracking.integrations",
}


def __getattr__(name: str) -> object:
    import importlib

    if name not in __all__:
        raise AttributeError(f"module 'gitrack' has no attribute {name!r}")
    if name == "errors":
        return importlib.import_module("gitrack.errors")
    home = _ELSEWHERE.get(name, "gitrack.tracking.on_active")
    found = getattr(importlib.import_module(home), name)
    globals()[name] = found
    return found


def _end_open_runs() -> None:
    """At exit. Registered by the import, so that what others do at exit can still be logged."""
    active = sys.modules.get("gitrack.tracking.active")
    if active is not None:
        active.end_all()


atexit.register(_end_open_runs)


def __dir__() -> list[str]:
    return sorted(__all__)
