"""The `gitrack` command: finds commands late, and words errors for people."""

from __future__ import annotations

import importlib
import os
import sys

import click

from gitrack import __version__
from gitrack.errors import GitrackError, UsageError
from gitrack.model.display import safe

#: What `gitrack --help` says, by what people want to do. Each command lives in
#: `commands/<name>.py` as `command` (dashes become underscores) and is imported only when typed.
GROUPS = {
    "Begin": {
        "init": "Prepare this git repository for tracking.",
        "demo": "Train models on real flights, promote one, build their website.",
        "completion": "Print the shell completion script.",
    },
    "Track (a script does so by `gitrack.start_run`)": {
        "run": "Run a command and record it as a run.",
        "repro": "Run `dvc repro` and record it as one run.",
    },
    "Look at runs": {
        "ls": "List and search runs.",
        "show": "Print one run.",
        "diff": "Show what differs between two commits or two runs.",
        "site": "Build or serve the static website.",
    },
    "Follow data, files and models": {
        "data": "List, show and compare the data that runs have logged.",
        "artifact": "List, fetch and add what runs have left.",
        "lineage": "Say what something comes from and what became of it.",
    },
    "Registry": {
        "model": "Register models, list and compare their versions.",
        "evidence": "Record what speaks for a version or against it.",
        "promote": "Bring a version into a stage, by a pull request.",
        "rollback": "Bring the version back that stood in a stage before.",
        "check": "Say whether a pull request to the tracking branch may be merged.",
        "audit": "Verify the whole history: promotions, records, signatures.",
    },
    "Share": {
        "push": "Send runs and their heavy files to the remotes.",
        "pull": "Bring the runs of others, and their heavy files.",
    },
    "Keep in order": {
        "status": "Say what is running, waiting and committed.",
        "sync": "Commit finished and interrupted runs that wait in the outbox.",
        "gc": "Remove heavy files that nobody needs any more.",
        "doctor": "Check this project and this machine, and say what to mend.",
    },
}
COMMANDS = {name: about for group in GROUPS.values() for name, about in group.items()}

#: Exit codes: done, refused or failed, wrong usage, interrupted.
FAILED, USAGE, INTERRUPTED = 1, 2, 130


class _ReaderGone(Exception):
    """Whoever read our output has seen enough."""


class _LateGroup(click.Group):
    """Knows its commands by name and imports one only when it is asked for."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # before click sees it, which ends by exit code 1
            raise _ReaderGone from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"gitrack.cli.commands.{cmd_name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from gitrack.cli.meant import WORDS, meant

            raise meant(error, ctx, args, COMMANDS, WORDS) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        longest = max(map(len, COMMANDS))
        for title, group in GROUPS.items():
            with formatter.section(title):
                # one column for all groups
                formatter.write_dl([(name.ljust(longest), about) for name, about in group.items()])


@click.group(cls=_LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gitrack")
@click.option(
    "-C",
    "directory",
    type=click.Path(exists=True, file_okay=False),
    help="Run as if started in this folder.",
)
def cli(directory: str | None) -> None:
    """Experiment tracking and a model registry without a server.

    Runs and models live on a branch of this git repository; `gitrack demo DIR` shows it all in two
    minutes.
    """
    if directory:
        os.chdir(directory)


def main() -> None:
    """Entry point: exit 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted."""
    try:
        code = _run()
        if sys.stdout is not None:  # none where it was closed before we began
            sys.stdout.flush()
    except (BrokenPipeError, _ReaderGone):
        # Whoever read us has seen enough (`gitrack ls | head`). The buffer that is left must not
        # be tried again when Python ends. Not a failure: `set -o pipefail` would end a script.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _run() -> int:
    """Run the command and say what went wrong; the exit code."""
    try:
        code = cli.main(prog_name="gitrack", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except GitrackError as error:
        say("error", error.message)
        if error.hint:
            say("hint", error.hint)
        return USAGE if isinstance(error, UsageError) else FAILED


def say(what: str, sentence: str) -> None:
    """`error: …` on stderr, harmless whatever names it quotes."""
    click.echo(f"{what}: {safe(sentence, lines=True)}", err=True)


if __name__ == "__main__":
    main()
