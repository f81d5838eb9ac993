"""The bundle's page: it needs no script, no network and no gitrack, and prints well."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from gitrack.model.audit import Audit, AuditedPromotion, Finding, Severity
from gitrack.model.display import plain, safe
from gitrack.registry.audit.export.style import STYLE

if TYPE_CHECKING:
    from gitrack.registry.audit.export.files import Copied

_ABOUT = {
    Severity.TAMPERING: "Honest work with gitrack does not leave this behind.",
    Severity.SUSPICIOUS: "An accident could explain it; somebody has to.",
    Severity.REMARK: "No fault: something to know.",
}
_TABLES = ("promotions.csv", "verdicts.csv", "findings.csv", "aliases.csv", "files.csv")


def page(audit: Audit, copies: Sequence[Copied]) -> str:
    """`index.html`. Everything that the branch says is escaped."""
    title = f"Audit of {audit.model or audit.branch}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">",
        f"<title>{_text(title)}</title><style>{STYLE}</style></head><body><main>",
        *_head(audit, title),
        *_findings(audit),
        *_promotions(audit),
        *_aliases(audit),
        *_files(copies),
        *_verify(audit),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _text(value: object) -> str:
    return html.escape(safe(str(value)).encode("utf-8", "replace").decode("utf-8"))


def _scroll(label: str) -> str:
    """What is wider than a phone; without a tab stop no keyboard would reach its end."""
    return f'<div class="scroll" role="group" aria-label="{label}" tabindex="0">'


def _code(value: object) -> str:
    return f"<code>{_text(value)}</code>"


def _head(audit: Audit, title: str) -> Iterable[str]:
    worst = next((one for one in Severity if audit.of(one)), None)
    said = {
        None: ("good", "Nothing was found."),
        Severity.REMARK: ("good", "Nothing was found but remarks."),
        Severity.SUSPICIOUS: ("warn", "Something has to be explained."),
        Severity.TAMPERING: ("bad", "The record was tampered with."),
    }
    kind, sentence = said[worst]
    yield f'<header><h1>{_text(title)}</h1><p class="verdict {kind}">{sentence}</p><dl>'
    facts = {
        "branch": _text(audit.branch),
        "commit": _code(audit.tip or "nothing yet"),
        "model": _text(audit.model or "all"),
        "since": _text(audit.since or "the beginning"),
        "commits": f"{audit.commits:,}",
        "runs": f"{audit.runs:,}",
        "versions": f"{audit.versions:,}",
        "promotions listed": f"{len(audit.promotions):,}",
        "signatures": _text(audit.signatures),
        **{str(one): f"{len(audit.of(one)):,}" for one in Severity},
        **({"findings of before that": f"{audit.earlier:,}, not listed"} if audit.earlier else {}),
    }
    for name, value in facts.items():
        yield f"<div><dt>{name}</dt><dd>{value}</dd></div>"
    yield "</dl></header>"


def _findings(audit: Audit) -> Iterable[str]:
    for severity in Severity:
        found = audit.of(severity)
        if not found:
            continue
        yield f'<section><h2>{str(severity).capitalize()} <span class="aside">{len(found):,}</span>'
        yield f'</h2><p class="note">{_ABOUT[severity]}</p><ol class="findings {severity}">'
        for one in found:
            yield from _finding(one)
        yield "</ol></section>"


def _finding(one: Finding) -> Iterable[str]:
    yield f"<li><p><strong>{_text(one.what)}</strong></p><p>{_text(one.means)}</p>"
    facts = [_code(one.commit[:12])] if one.commit else []
    facts += [_text(part) for part in (one.when, one.who) if part]
    facts += [_code(one.path)] if one.path else []
    if facts:
        yield f'<p class="note">{" · ".join(facts)}</p>'
    if one.look:
        yield f"<pre>{_text(one.look)}</pre>"
    yield "</li>"


def _promotions(audit: Audit) -> Iterable[str]:
    if not audit.promotions:
        return
    yield f'<section><h2>Promotions <span class="aside">{len(audit.promotions):,}</span></h2>'
    for one in reversed(audit.promotions):
        yield from _promotion(one)
    yield "</section>"


def _promotion(one: AuditedPromotion) -> Iterable[str]:
    verb = "rolled back to" if one.kind == "rollback" else "promoted to"
    marks = [("draft", one.draft), ("reverted", one.reverted is not None)]
    words = "".join(f' <span class="word">{name}</span>' for name, so in marks if so)
    yield (
        f"<article><h3>{_text(one.model)} v{one.version} {verb} {_text(one.to)}{words}</h3>"
        f'<p>{_text(one.why)}</p><dl class="pairs">'
    )
    used = one.policy.used
    policy = f"{_code(used.sha256)} " if used is not None else ""
    policy += _text(one.policy.state)
    if one.policy.in_force is False:
        policy += ", not in force then"
    approvers = [f"{_text(who.by)} ({_text(who.source)})" for who in one.approvers]
    facts = {
        "took effect": _text(one.effective or ("never" if one.reverted else "not yet")),
        "decided": f"{_text(one.at)} by {_text(one.by)}",
        "from": _text(one.source or "no stage"),
        "approved by": ", ".join(approvers) or "nobody on record",
        "request": _text(one.pull_request or "none named"),
        "run": _code(one.run),
        "policy": policy,
        "gates judged again": _text(one.judged_again),
        "not judged again": _text(", ".join(one.unjudged)),
        "archived": _text(", ".join(f"v{number}" for number in one.archived)),
        "kept beside": _text(", ".join(f"v{number}" for number in one.kept)),
        "signature": _text(" ".join(filter(None, (one.signature.state, one.signature.signer)))),
        "commit": f"{_code(one.commit)} by {_text(one.author)}",
        "landed": f"{_code(one.landed or 'not yet')} by {_text(one.committer)}",
        "reverted by": _code(one.reverted) if one.reverted else "",
        "record": _code(one.id),
    }
    for name, value in facts.items():
        if value:
            yield f"<div><dt>{name}</dt><dd>{value}</dd></div>"
    yield "</dl>"
    yield from _verdicts(one)
    yield "</article>"


def _verdicts(one: AuditedPromotion) -> Iterable[str]:
    if not one.verdicts:
        yield '<p class="note">no gate was recorded</p>'
        return
    yield _scroll("gates") + "<table><thead><tr><th>gate</th><th>outcome</th><th>value</th>"
    yield "<th>margin</th><th>says</th><th>from</th></tr></thead><tbody>"
    for verdict in one.verdicts:
        gate = _text(verdict.gate) + (
            f" <small>({_text(verdict.via)})</small>" if verdict.via else ""
        )
        cells = (
            gate,
            f'<span class="{_text(verdict.outcome)}">{_text(verdict.outcome)}</span>',
            _text(plain(verdict.value)),
            _text("" if verdict.margin is None else f"{verdict.margin:+.4g}"),
            _text(verdict.says),
            _text(verdict.nearby),
        )
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table></div>"


def _aliases(audit: Audit) -> Iterable[str]:
    if not audit.aliases:
        return
    yield "<section><h2>Aliases</h2>" + _scroll("aliases") + "<table><thead><tr><th>when</th>"
    yield "<th>alias</th><th>before</th><th>after</th><th>who</th><th>commit</th></tr></thead>"
    yield "<tbody>"
    for one in audit.aliases:
        cells = (
            _text(one.when),
            _text(f"{one.model}@{one.alias}"),
            f"v{one.before}" if one.before is not None else "nothing",
            f"v{one.after}" if one.after is not None else "nothing",
            _text(one.who),
            _code(one.commit[:12]),
        )
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table></div></section>"


def _files(copies: Sequence[Copied]) -> Iterable[str]:
    yield '<section><h2>In this bundle</h2><ul class="files">'
    yield '<li><a href="audit.json">audit.json</a> everything on this page</li>'
    for name in _TABLES:
        yield f'<li><a href="{name}">{name}</a></li>'
    yield '<li><a href="SHA256SUMS">SHA256SUMS</a> of every file here</li></ul>'
    if copies:
        yield f"<details><summary>{len(copies):,} records, as they were when they counted</summary>"
        yield _scroll("files") + "<table><thead><tr><th>file</th><th>what</th><th>commit</th>"
        yield "<th>sha256</th></tr></thead><tbody>"
        for one in copies:
            link = f'<a href="files/{_text(quote(one.name))}">{_text(one.name)}</a>'
            cells = (link, _text(one.kind), _code(one.commit[:12]), _code(one.sha256))
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        yield "</tbody></table></div></details>"
    yield "</section>"


def _verify(audit: Audit) -> Iterable[str]:
    if audit.tip is None:
        return
    yield "<section><h2>To verify this</h2><pre>sha256sum -c SHA256SUMS"
    yield f"git show {audit.tip[:12]}            # in a clone: the commit that was looked at"
    yield "gitrack audit                  # the same again</pre></section>"
