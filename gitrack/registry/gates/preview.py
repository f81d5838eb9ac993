"""`gitrack.judge`: what the gates of a stage say of a version, before anybody promotes it."""

from __future__ import annotations

from datetime import UTC, datetime

from gitrack.model.promotion import Verdict
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.judge import judge as judge_case
from gitrack.registry.opened import open_registry


def judge(
    name: str,
    version: int | str,
    to: str,
    *,
    back: bool = False,
    fetch: bool = True,
    run_code: bool = True,
) -> list[Verdict]:
    """A verdict for every gate of the stage `to`, as a promotion of this moment would record it.

    `version` is a number, a stage or an alias. `back` asks for the gates of a rollback. Nothing
    is written. `fetch=False` looks at no artifact remote, `run_code=False` runs no command of the
    policy; gates that need it fail and say so. Raises NotFound, ConfigError.
    """
    opened = open_registry()
    commit = opened.branch.tip()
    case = Case(
        opened,
        name,
        opened.reader(at=commit).version(name, version),
        to,
        at=commit,
        when=datetime.now(UTC),
        ruling=opened.ruling,
        promoter=opened.place.author(),
        fetch=fetch,
        run_code=run_code,
    )
    return judge_case(case, back=back)
