"""What other rooms find out for the site; the command line brings them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from gitrack.config.views import NamedView
from gitrack.model.audit import Audit
from gitrack.model.promotion import Promotion
from gitrack.site.datasets.drifted import Drift
from gitrack.site.lineage.ancestry import Ancestry
from gitrack.site.reports.written import Written
from gitrack.store.git.code_history import CodeHistory
from gitrack.store.timeline import StageChange

#: (truth, scores of one, scores of the other) to how much larger the first ROC AUC is: the
#: difference and its 95 % interval. Raises ValueError for too few cases.
Paired = Callable[[Sequence[bool], Sequence[float], Sequence[float]], tuple[float, float, float]]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion that waits on a branch of its own, where people review it."""

    branch: str
    id: str
    promotion: Promotion


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What the site asks for when it shows it; where nobody answers, that part is left out.

    `version` is that of gitrack, `policy` the text of `.tracking/policy.yaml`, `url` where the site
    will be found, and `index` whether search engines may find it.
    `stages` gives what became of a model's stages, the oldest first; `audit` what an audit of this
    commit finds; `waiting` the promotions that are not merged yet;
    `code` reads the code of runs where the site may show it.
    `lineage` opens the lineage of this commit, `drift` compares two profiles of data,
    `paired` two models on the same cases. `views` are those of `.tracking/views/`,
    `reports` the texts and charts that people wrote.
    """

    version: str | None = None
    policy: str | None = None
    url: str | None = None
    index: bool = False
    stages: Callable[[str], Sequence[StageChange]] | None = None
    audit: Callable[[], Audit] | None = None
    waiting: Callable[[], Sequence[Waiting]] | None = None
    code: CodeHistory | None = None
    lineage: Callable[[], Ancestry] | None = None
    drift: Drift | None = None
    paired: Paired | None = None
    views: tuple[NamedView, ...] = ()
    reports: Written | None = None
