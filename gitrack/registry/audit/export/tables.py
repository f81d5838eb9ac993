"""An audit as JSON, and as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.model.audit import Audit
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.registry.audit.export.files import Copied

#: A cell that begins so is run by some spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def as_json(audit: Audit) -> bytes:
    """Everything; numbers that JSON does not know are text."""
    built = _plain(msgspec.to_builtins(audit, enc_hook=str))
    return (json.dumps({**built, "clean": audit.clean}, indent=1, allow_nan=False) + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def tables(audit: Audit, copies: Sequence[Copied]) -> dict[str, bytes]:
    """CSV files by name."""
    return {
        "promotions.csv": _table(_PROMOTION, map(_promotion, audit.promotions)),
        "verdicts.csv": _table(_VERDICT, _verdicts(audit)),
        "findings.csv": _table(
            _FINDING, ([getattr(one, key) for key in _FINDING] for one in audit.findings)
        ),
        "aliases.csv": _table(
            _ALIAS, ([getattr(one, key) for key in _ALIAS] for one in audit.aliases)
        ),
        "files.csv": _table(_FILE, ([getattr(one, key) for key in _FILE] for one in copies)),
    }


_PROMOTION = (
    *("model", "version", "kind", "from", "to", "effective", "decided", "by", "why", "approvers"),
    *("pull_request", "run", "gates_passed", "gates_failed", "gates_waiting", "judged_again"),
    *("policy_sha256", "policy_commit", "policy_state", "policy_in_force", "signature"),
    *("signer", "author", "committer", "commit", "landed", "reverted", "draft", "id"),
)
_VERDICT = (
    *("model", "version", "to", "promotion", "gate", "kind", "via", "outcome", "value"),
    *("required", "margin", "baseline", "source", "says"),
)
_FINDING = (
    *("severity", "kind", "what", "means", "commit", "path", "who", "when", "look", "model"),
    *("run", "promotion"),
)
_ALIAS = ("when", "model", "alias", "before", "after", "who", "commit")
_FILE = ("name", "kind", "path", "commit", "blob", "sha256")


def _promotion(one: Any) -> list[Any]:
    outcomes = [str(verdict.outcome) for verdict in one.verdicts]
    used = one.policy.used
    return [
        *(one.model, one.version, one.kind, one.source, one.to, one.effective, one.at, one.by),
        *(one.why, "; ".join(who.by for who in one.approvers), one.pull_request, one.run),
        *(outcomes.count("passed"), outcomes.count("failed"), outcomes.count("waiting")),
        one.judged_again,
        *((used.sha256, used.commit) if used is not None else (None, None)),
        *(one.policy.state, one.policy.in_force, one.signature.state, one.signature.signer),
        *(one.author, one.committer, one.commit, one.landed, one.reverted, one.draft, one.id),
    ]


def _verdicts(audit: Audit) -> Iterable[list[Any]]:
    for one in audit.promotions:
        for verdict in one.verdicts:
            yield [
                *(one.model, one.version, one.to, one.id, verdict.gate, verdict.kind),
                *(verdict.via, verdict.outcome, verdict.value, verdict.required),
                *(verdict.margin, verdict.baseline, verdict.source, verdict.says),
            ]


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    """Text that begins like a formula gets a quote in front, which spreadsheets do not show."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return repr(value)
    text = safe(str(value))
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
