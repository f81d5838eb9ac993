"""What other rooms find out for the site; the command line brings them together."""

from __future__ import annotations

import msgspec


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What the site asks for when it shows it; where nobody answers, that part is left out.

    `policy` is the text of `.tracking/policy.yaml`, `url` where the site will be found.
    """

    policy: str | None = None
    url: str | None = None
