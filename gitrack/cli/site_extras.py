"""What the website asks of other rooms, brought together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitrack.config.settings import Config
    from gitrack.model.profile import TableProfile
    from gitrack.site.datasets.drifted import Drifted
    from gitrack.site.extras import Extras
    from gitrack.site.lineage.ancestry import Ancestry
    from gitrack.store.git.code_history import CodeHistory
    from gitrack.store.runs import RunStore


def extras(store: RunStore, config: Config, root: Path | None) -> Extras:
    """For the site of `store`, which stands at one commit; `root` is the project's folder."""
    from gitrack import __version__
    from gitrack.cli.site_registry import asked_of_registry
    from gitrack.cli.site_written import written
    from gitrack.config.views import load_views
    from gitrack.site.extras import Extras

    registry = asked_of_registry(store.branch.tip())
    return Extras(
        version=__version__,
        policy=_policy(root),
        url=config.site.url,
        index=config.site.index,
        stages=registry.stages,
        audit=registry.audit,
        waiting=registry.waiting,
        code=_code() if config.site.shows_code else None,
        lineage=lambda: _lineage(store),
        drift=_drift,
        paired=_paired,
        views=load_views(root),
        reports=written(root),
    )


def _code() -> CodeHistory:
    """The code that this clone has."""
    from gitrack.store.git.code_history import CodeHistory
    from gitrack.store.git.repository import Repository

    return CodeHistory(Repository.discover())


def _policy(root: Path | None) -> str | None:
    """The text of the policy, as it judged nothing but is meant now; None where there is none."""
    from gitrack.config.project import POLICY_FILE
    from gitrack.config.regular import as_text, read_regular
    from gitrack.errors import ConfigError

    if root is None:
        return None
    try:
        return as_text(read_regular(root / POLICY_FILE), errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{POLICY_FILE} cannot be read: {error.strerror}") from error


def _lineage(store: RunStore) -> Ancestry:
    from gitrack.analysis.lineage import Lineage

    return Lineage(store)


def _paired(
    truth: Sequence[bool], one: Sequence[float], other: Sequence[float]
) -> tuple[float, float, float]:
    from gitrack.registry.gates.paired import delong

    found = delong(truth, one, other, confidence=0.95)
    return found.difference, found.low, found.high


def _drift(before: TableProfile, after: TableProfile) -> list[Drifted]:
    import msgspec

    from gitrack.analysis.drift import drift
    from gitrack.site.datasets.drifted import Drifted

    return msgspec.convert(msgspec.to_builtins(drift(before, after).columns), list[Drifted])
