"""An approval that was given elsewhere than on the branch: in the review of a pull request."""

from __future__ import annotations

import msgspec


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Who approved: an e-mail address, or the host's handle (`@jane`). `source` says where."""

    by: str
    source: str
