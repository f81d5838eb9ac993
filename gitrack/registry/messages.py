"""What the log of the branch says about models: a line for people, trailers for programs."""

from __future__ import annotations

from collections.abc import Mapping

from gitrack.store.messages import one_line


def version_message(
    model: str, number: int | None, what: str, trailers: Mapping[str, object] | None = None
) -> str:
    """`model churn v4: registered from run 7k3f9q`, with `Model:` and `Model-Version:`.

    Without a number it is about the model. `trailers` come behind, in their order.
    """
    subject = f"model {model}" + ("" if number is None else f" v{number}")
    lines = [f"{subject}: {one_line(what)}", "", f"Model: {model}"]
    if number is not None:
        lines.append(f"Model-Version: {number}")
    lines += [f"{name}: {one_line(str(value))}" for name, value in (trailers or {}).items()]
    return "\n".join(lines) + "\n"
