"""Keys as people write them: `metrics.auc`, params."learning rate", `tag`.team, started."""

from __future__ import annotations

import re

from gitrack.model.query.nodes import Entity, Key

_PLAIN = r"[^\W\d][\w/@:-]*"
_QUOTED = r"`[^`]+`|\"[^\"]+\""
#: A key, whole. `run name` without quotes is one of MLflow's spellings.
KEY = (
    r"(?:(?:attributes?|attr|run)\.)?[Rr]un [Nn]ame\b"
    rf"|(?:{_PLAIN}|{_QUOTED})(?:\.(?:[\w/@:%-]+|{_QUOTED}))*"
)

_PIECE = re.compile(rf"({_QUOTED})|[^.`\"]+")

_ALIASES: dict[Entity, str] = {
    "metric": "metric metrics",
    "param": "param params parameter parameters",
    "tag": "tag tags",
    "attribute": "attribute attributes attr run",
    "dataset": "dataset datasets",
}
_ENTITIES = {alias: entity for entity, aliases in _ALIASES.items() for alias in aliases.split()}

#: Other names of a run's own fields; MLflow's among them.
ATTRIBUTE_ALIASES = {
    "run_id": "id",
    "run_name": "name",
    "run name": "name",
    "user_id": "author",
    "user": "author",
    "experiment_name": "experiment",
    "start_time": "started",
    "created": "started",
    "end_time": "ended",
}

_PLAIN_FIELDS = ["author", "command", "error", "experiment", "id", "name", "notes", "parent"]
#: Fields that every table is asked about, whether or not some run has them.
ATTRIBUTES = frozenset([*_PLAIN_FIELDS, "status", "started", "ended", "duration", "artifact_uri"])

TIMES = frozenset({"started", "ended"})

#: What a dataset is known by, in MLflow's words and ours; what it is called in a table.
DATASET_FIELDS = {
    "name": "name",
    "digest": "dvc",
    "dvc": "dvc",
    "context": "role",
    "role": "role",
    "version": "version",
    "path": "path",
    "uri": "uri",
}


def read_key(text: str, at: int = 0) -> Key:
    """A key that KEY matched."""
    pieces = [_unquoted(piece[0]) for piece in _PIECE.finditer(text)]
    entity = _ENTITIES.get(pieces[0]) if len(pieces) > 1 else None
    if entity is None:
        name = ".".join(pieces)
        return _own(name, at) or Key("any", name, at)
    name = ".".join(pieces[1:])
    if entity == "attribute":
        return _own(name, at) or Key("attribute", name, at)
    return Key(entity, name, at)


def _own(name: str, at: int) -> Key | None:
    """The key of a run's own field, or None if the name is not one of them."""
    name = ATTRIBUTE_ALIASES.get(name) or ATTRIBUTE_ALIASES.get(name.lower(), name)
    return Key("attribute", name, at) if name in ATTRIBUTES else None


def _unquoted(piece: str) -> str:
    return piece[1:-1] if piece[0] in '`"' else piece
