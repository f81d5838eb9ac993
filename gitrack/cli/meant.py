"""The command that was meant: by a slip of the pen, or by another tool's word for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import click

#: What people type who know other tools, and what it is called here.
WORDS = {
    "alias": "gitrack model alias",
    "approve": "gitrack evidence add",
    "compare": "gitrack model compare",
    "history": "gitrack model history",
    "models": "gitrack model ls",
    "register": "gitrack model register",
    "registry": "gitrack model ls",
    "runs": "gitrack ls",
    "search": "gitrack ls",
    "stage": "gitrack promote",
    "transition": "gitrack promote",
    "ui": "gitrack site serve",
    "versions": "gitrack model ls",
}
#: What they type after `gitrack model`.
WORDS_OF_MODELS = {
    "archive": "gitrack promote",
    "audit": "gitrack audit",
    "delete": "gitrack promote",
    "diff": "gitrack model compare",
    "download": "gitrack artifact get",
    "evidence": "gitrack evidence add",
    "get": "gitrack artifact get",
    "lineage": "gitrack lineage",
    "list": "gitrack model ls",
    "log": "gitrack model history",
    "promote": "gitrack promote",
    "rm": "gitrack promote",
    "rollback": "gitrack rollback",
    "stage": "gitrack promote",
    "transition": "gitrack promote",
    "versions": "gitrack model ls",
}
#: Versions cannot be deleted: whoever wants that is told what is done instead.
_INSTEAD = {
    "archive": " --to archived",
    "delete": " --to archived",
    "rm": " --to archived",
}


def meant(
    error: click.UsageError,
    ctx: click.Context,
    args: Sequence[str],
    commands: Iterable[str],
    words: Mapping[str, str],
) -> click.UsageError:
    """The same error, with what was probably meant where something is like it."""
    import difflib  # only for those who mistyped

    typed = args[0] if args else ""
    near = next(iter(difflib.get_close_matches(typed, list(commands), n=1)), None)
    known = words.get(typed.lower())
    if known is not None:
        near = known + _INSTEAD.get(typed.lower(), "")
    if near is None:
        return error
    said = error.message.partition(" (Did you mean")[0]
    return click.UsageError(f"{said} Did you mean '{near}'?", ctx)


class ModelGroup(click.Group):
    """`gitrack model`, which understands the words of other registries."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise meant(error, ctx, args, self.commands, WORDS_OF_MODELS) from error
