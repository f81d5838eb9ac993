"""What programs read of a command: JSON that every reader takes."""

from __future__ import annotations

import json
import math
from typing import Any

import click
import msgspec


def print_json(value: Any) -> None:
    """A record, a list or a dict on stdout.

    JSON knows no NaN and no infinity: they become the texts that other tools read as such. What
    else it does not know (paths, dates of YAML) becomes its text. Names of files that are no
    Unicode are escaped, which msgspec's own JSON refuses.
    """
    text = json.dumps(_plain(value), indent=1, allow_nan=False)
    # a runner of GitHub's jobs obeys this anywhere in a line; in JSON it is the same spelled out
    click.echo(text.replace("##[", "#\\u0023["))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, msgspec.Struct):
        return _plain(msgspec.to_builtins(value, enc_hook=str))
    return str(value)
