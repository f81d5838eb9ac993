"""The demo as `gitrack site serve` shows it while a run is being written, always the same run."""

from __future__ import annotations

import contextlib
import json
import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitrack.tracking.journals.journal import MAGIC, SUFFIX, Journal

RUN = "20261123-134108-1w5x7z"
#: What each kind of page is called that only exists while the site is served.
SERVED = {"live": f"live/runs/{RUN}.html"}
_BEGIN = datetime(2026, 11, 23, 13, 41, 8, tzinfo=UTC)
_STEPS = 120


@contextlib.contextmanager
def serving(project: Path, site: Path) -> Iterator[str]:
    """The address of the site of a clone of the demo, in which somebody trains."""
    from gitrack.cli.commands.site import _Project
    from gitrack.cli.site_serving import Renewal
    from gitrack.site.serve import Server

    _write_journal(project / ".tracking/outbox" / RUN)
    with contextlib.chdir(project):
        live = Renewal(_Project, site).first(None)
    server = Server(site)
    server.tell(live.answer)
    thread = threading.Thread(target=server.run, args=(lambda: None,))
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join(timeout=30)


def _write_journal(folder: Path) -> None:
    """What a training has logged so far: two curves, one of which is noisy, and its settings."""
    hello = {
        **{"kind": "start", "id": RUN, "name": "xgboost-all-weather-lr0.05-depth6"},
        **{"experiment": "xgboost-weather-features-20261123", "time": _nanoseconds(0)},
        "author": "Demo User <demo@gitrack.invalid>",
    }
    journal = Journal(None, "owner-0", lambda: hello)
    params = {"features": "schedule-weather", "learning_rate": 0.05, "max_depth": 6}
    said = {
        "params": {"values": {**params, "n_estimators": 400}},
        "tags": {"values": {"hypothesis": "A slower rate finds more in the same weather"}},
        "seeds": {"values": {"xgboost": 42}},
        "notes": {"text": "All stations, not only those of the origin."},
    }
    journal.kept += [_event(kind, **content) for kind, content in said.items()]
    for step in range(_STEPS):
        fitted = 0.36 + 0.3 * math.exp(-step / 25)
        noise = 0.008 * math.sin(step * 1.7) * math.cos(step * 0.31)
        losses = {"train_logloss": fitted, "val_logloss": fitted + 0.02 + noise}
        journal.metrics(losses, step, _nanoseconds(9 * step))
    folder.mkdir(parents=True)
    (folder / f"owner-0{SUFFIX}").write_bytes(MAGIC + b"".join(journal.kept))


def _event(kind: str, **content: object) -> bytes:
    text = json.dumps({"kind": kind, "time": _nanoseconds(1), **content}).encode()
    return b"J" + len(text).to_bytes(4, "little") + text


def _nanoseconds(seconds: int) -> int:
    return int((_BEGIN + timedelta(seconds=seconds)).timestamp()) * 10**9
