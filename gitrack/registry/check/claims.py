"""What the record of one promotion claims, looked up on the base: each claim true, or refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.errors import GitrackError, InvalidName, NotFound, UsageError
from gitrack.model import moments
from gitrack.model.promotion import PolicyUsed, Promotion
from gitrack.model.registered import ModelVersion
from gitrack.registry.check.changes import Change
from gitrack.registry.check.entries import CLOCKS
from gitrack.registry.check.findings import JudgedPromotion, unreadable
from gitrack.registry.check.sight import Sight
from gitrack.registry.check.spots import Spot
from gitrack.registry.people import known_as
from gitrack.registry.promotion.allowed import refuse_stranger
from gitrack.registry.promotion.plan import checked_reason, latest_to
from gitrack.registry.promotion.previous import stood_there
from gitrack.registry.ruling import digest, policy_path
from gitrack.registry.transition import Move, known_stage, move
from gitrack.store.codec.records import dump_record
from gitrack.store.git.code import code_file
from gitrack.store.git.signatures import Signed
from gitrack.store.layout import RECORD
from gitrack.store.registry.paths import promotion_path, stage_path, taken_apart, version_path


def again(promotion: Promotion) -> str:
    """The command that makes such a promotion anew."""
    name, number = promotion.model, promotion.version
    if promotion.kind == "rollback":
        stage = "" if promotion.to == "production" else f" --stage {promotion.to}"
        return f"gitrack rollback {name} --to-version {number}{stage} --why …"
    keep = " --keep-previous" if promotion.kept else ""
    return f"gitrack promote {name} {number} --to {promotion.to}{keep} --why …"


def new_one(promotion: Promotion) -> str:
    """What to type where only a new promotion helps."""
    return f"put it anew in the place of this one:  {again(promotion)} --replace"


def versions(numbers: list[int]) -> str:
    """`v6, v7`, or `nobody`."""
    return ", ".join(f"v{number}" for number in numbers) or "nobody"


def version_of(sight: Sight, change: Change, promotion: Promotion) -> ModelVersion | None:
    name, number = promotion.model, promotion.version
    path = version_path(name, number)
    if sight.trees.side(sight.base, path) is None:
        if path in sight.spots:
            sight.refuse(
                "not-on-base",
                f"promotes v{number} of {name}, which this very pull "
                "request registers: what is promoted must have been there before",
                f"merge the registration first, then type  {again(promotion)}",
                change.path,
            )
        else:
            have = sight.before.numbers(name)[-5:]
            sight.refuse(
                "unknown-version",
                f"promotes v{number} of {name}, which is not registered (it has {versions(have)})",
                f"gitrack model register RUN {name}",
                change.path,
            )
        return None
    try:
        version = sight.before.version(name, number)
    except GitrackError as error:
        sight.findings.append(unreadable(error, path))
        return None
    if promotion.run != version.run:
        sight.refuse(
            "wrong-run",
            f"says that v{number} of {name} is of the run {promotion.run}, "
            f"but it is of {version.run}",
            new_one(promotion),
            change.path,
        )
    return version


def step_of(sight: Sight, change: Change, promotion: Promotion) -> Move | None:
    """Where the version goes by the rules, compared with what the record says."""
    name = promotion.model
    policy = sight.ruling.policy
    rules = policy.stages(name)
    standing = sight.standing(name)
    back = promotion.kind == "rollback"
    try:
        stage = known_stage(promotion.to, rules, name)
    except (InvalidName, NotFound) as error:
        sight.refuse("transition", error.message, error.hint, change.path)
        return None
    for fault in sight.before.faults:
        if fault.path.startswith(stage_path(name, "").removesuffix(".yaml")):
            sight.refuse(
                "base",
                f"who stands where is not known: on the base, {fault.path}: {fault.why}",
                fault.hint or "mend the file on the base first",
                change.path,
            )
            return None
    here = list(standing.get(stage, ()))
    if here != promotion.expected:
        _occupant(sight, change, promotion, here)
        return None
    try:
        if back:
            stood_there(sight.before, name, stage, promotion.version)
        refuse_stranger(policy, name, stage, promotion.by)
        step = move(
            standing,
            promotion.version,
            stage,
            rules,
            keep_previous=bool(promotion.kept) and stage != ARCHIVE,
            back=back,
        )
    except GitrackError as error:
        sight.refuse("transition", error.message, error.hint, change.path)
        return None
    for field, said, is_ in (
        ("from", promotion.source, step.source),
        ("archived", promotion.archived, step.archived),
        ("kept", promotion.kept, step.kept),
    ):
        if said != is_:
            sight.refuse(
                "record-differs",
                f"says {field}: {said!r}, but on the base it is {is_!r}",
                new_one(promotion),
                change.path,
            )
    return step


def _occupant(sight: Sight, change: Change, promotion: Promotion, here: list[int]) -> None:
    """Somebody else stands there by now: one of two promotions came first."""
    name, stage = promotion.model, promotion.to
    latest = latest_to(sight.before, name, stage)
    other = sight.before.promotion(name, latest) if latest is not None else None
    if promotion.version in here:
        told = f"v{promotion.version} of {name} stands in {stage} already"
        sight.refuse("expected", told, "close this pull request", change.path)
        return
    since = ""
    if other is not None and other.version in here and other.version not in promotion.expected:
        verb = "rolled back" if other.kind == "rollback" else "promoted"
        since = f"since this was opened, v{other.version} was {verb} to {stage} by {other.by}; "
    sight.refuse(
        "expected",
        f"{since}this promotion expects {versions(promotion.expected)} in "
        f"{stage} of {name}, where {versions(here)} stands now",
        new_one(promotion),
        change.path,
    )


def check_record(sight: Sight, change: Change, promotion: Promotion, version: ModelVersion) -> None:
    folder = sight.folder_of_run(version.run)
    if folder is None:
        here = any(f"/{version.run}/" in path for path in sight.spots)
        why = "which this very pull request adds" if here else "which is not on the base"
        sight.refuse(
            "not-on-base",
            f"v{version.version} of {promotion.model} is of the run {version.run}, {why}",
            "push the run first: gitrack push; then type  " + again(promotion),
            change.path,
        )
        return
    data = sight.opened.branch.read(f"{folder}/{RECORD}", at=sight.base)
    if promotion.record != digest(data):
        sight.refuse(
            "wrong-run",
            f"was judged by another record of the run {version.run} than the "
            f"one on the base (sha256 {digest(data)[:12]}…, the promotion says "
            f"{promotion.record[:12]!r}…)",
            new_one(promotion),
            change.path,
        )


def check_base(sight: Sight, change: Change, promotion: Promotion) -> bool:
    """The commit on which it was judged is one that everybody saw as the tip of the base.

    Commits that came by a merge are not: a pull request may hold one that says what its last one
    takes back.
    """
    base = promotion.base
    if base == sight.base or base in sight.line:
        return True
    fetch = ""
    if sight.opened.repository.shallow:
        fetch = "if this clone lacks the older commits, git fetch --unshallow; else "
    sight.refuse(
        "wrong-base",
        f"was judged on {base[:40]!r}, which never was the tip of {sight.opened.branch.name}: "
        "nobody else has seen what it saw",
        fetch + "push what you have (gitrack push), then " + new_one(promotion),
        change.path,
    )
    return False


def check_time(sight: Sight, change: Change, promotion: Promotion) -> None:
    try:
        at = moments.read(promotion.at)
    except (ValueError, OverflowError):
        sight.refuse(
            "unreadable",
            f"at is {promotion.at!r}, which is not a time",
            new_one(promotion),
            change.path,
        )
        return
    if at > sight.now + CLOCKS:
        sight.refuse(
            "future",
            f"says that it was made at {promotion.at}, which is still to come",
            "set the clock of the machine, then " + new_one(promotion),
            change.path,
        )
        return
    if promotion.base == sight.base or promotion.base in sight.line:
        made = datetime.fromtimestamp(
            min(max(sight.commits.commit(promotion.base).committer.time, 0), 2**33), UTC
        )
        if at < made - CLOCKS:
            sight.refuse(
                "back-dated",
                f"says that it was made at {promotion.at}, before the "
                f"commit {promotion.base[:12]} on which it was judged "
                f"({moments.written(made)})",
                new_one(promotion),
                change.path,
            )


def check_chain(sight: Sight, spot: Spot, change: Change, promotion: Promotion) -> None:
    """It names the promotion to the same stage that came before, and is younger."""
    name, stage = promotion.model, promotion.to
    latest = latest_to(sight.before, name, stage)
    follows = promotion.follows
    if latest is None:
        if follows is not None:
            sight.refuse(
                "chain",
                f"says that it follows {follows.promotion[:80]!r}, but nothing was "
                f"ever promoted to {stage} of {name}",
                new_one(promotion),
                change.path,
            )
        return
    if follows is None or follows.promotion != latest:
        said = "nothing" if follows is None else repr(follows.promotion[:80])
        sight.refuse(
            "chain",
            f"says that it follows {said}, but the last promotion to {stage} of {name} is {latest}",
            new_one(promotion),
            change.path,
        )
        return
    data = sight.opened.branch.read(promotion_path(name, latest), at=sight.base)
    if follows.sha256 != digest(data):
        sight.refuse(
            "chain",
            f"follows another {latest} than the one on the base (sha256 differs)",
            new_one(promotion),
            change.path,
        )
    mine, other = taken_apart(spot.name), taken_apart(latest)
    if mine is not None and other is not None and mine[:2] <= other[:2]:
        sight.refuse(
            "back-dated",
            f"says that it was made at {promotion.at}, not after the last "
            f"promotion to {stage} of {name} ({latest})",
            new_one(promotion),
            change.path,
        )


def check_words(sight: Sight, change: Change, promotion: Promotion) -> None:
    """It says why, and says nothing that only people would read."""
    try:
        checked_reason(promotion.why)
    except UsageError as error:
        sight.refuse("reason", error.message, new_one(promotion), change.path)
    if sight.data(change) != dump_record(promotion):
        sight.warn(
            "layout",
            "is not as gitrack writes it: what else stands there (comments, other keys) was "
            "not judged, and no program reads it",
            "read the file itself",
            change.path,
        )


def check_policy(sight: Sight, change: Change, promotion: Promotion) -> bool:
    """It was judged by the policy in force."""
    used, said = sight.ruling.used, promotion.policy
    if (used.sha256 if used else None) == (said.sha256 if said else None):
        if used is not None and said is not None and said.commit not in (None, used.commit):
            _policy_commit(sight, change, promotion, used, said)
        return True
    if used is None:
        why = (
            "was judged by a policy, but the code's default branch has none",
            "commit .tracking/policy.yaml to the default branch of the code, then ",
        )
    elif said is None:
        why = (f"was judged without a policy, but {sight.ruling.source} has one", "")
    else:
        why = (
            f"the policy changed since: it was judged by one of sha256 {said.sha256[:12]!r}…, "
            f"in force is {used.sha256[:12]}… of {sight.ruling.source}",
            "",
        )
    sight.refuse("policy", why[0], why[1] + new_one(promotion), change.path)
    return False


def _policy_commit(
    sight: Sight, change: Change, promotion: Promotion, used: PolicyUsed, said: PolicyUsed
) -> None:
    """The commit that it names has this policy, and is of the default branch.

    A job that has fetched the tip of the code only cannot tell; an audit does.
    """
    repository = sight.opened.repository
    assert said.commit is not None
    assert used.commit is not None
    why = None
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", said.commit):
        why = "which is none"
    elif repository.run("cat-file", "-e", f"{said.commit}^{{commit}}").code:
        if not repository.shallow:
            why = "which nobody else has"
    else:
        data = code_file(repository, said.commit, policy_path(sight.opened.place))
        if data is None or digest(data) != said.sha256:
            why = "which has another one"
        elif (
            not repository.shallow
            and repository.run("merge-base", "--is-ancestor", said.commit, used.commit).code
        ):
            why = f"which is not below {sight.ruling.source}"
    if why is not None:
        sight.refuse(
            "policy",
            f"was judged by the policy of the code's commit {said.commit[:12]!r}, {why}",
            "push the code, then " + new_one(promotion),
            change.path,
        )


def check_promoter(
    sight: Sight, change: Change, promotion: Promotion, done: JudgedPromotion
) -> JudgedPromotion:
    """Whoever is named as promoter has made every commit that wrote the record."""
    commits = sight.commits.which_write(change.path)
    if not commits:
        sight.refuse(
            "promoter",
            "no commit of this pull request wrote it",
            new_one(promotion),
            change.path,
        )
        return done
    commit = commits[-1]
    for each in commits:
        if not each.is_by(promotion.by):
            sight.refuse(
                "promoter",
                f"names {promotion.by} as promoter, but the commit "
                f"{each.id[:12]} that wrote it is by {each.author}",
                f"whoever promotes types  {again(promotion)}",
                change.path,
            )
            break
    signed = None
    if sight.require_signed:
        found = sight.commits.signature(commit.id)
        if sight.commits.is_signed(commit):
            signed = f"signed by {found.signer or known_as(promotion.by)}"
        else:
            what = (
                "is not signed"
                if found.state is Signed.UNSIGNED
                else f"has no good signature of its author ({found.state})"
            )
            sight.refuse(
                "unsigned",
                f"the commit {commit.id[:12]} that wrote it {what}",
                "set  git config commit.gpgsign true  (with a key that the checker knows), then "
                + new_one(promotion),
                change.path,
            )
    return msgspec.structs.replace(done, author=str(commit.author), signed=signed)
