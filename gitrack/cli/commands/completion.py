"""`gitrack completion`: the script that makes a shell complete commands, runs and experiments."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash   eval "$(gitrack completion bash)"   in ~/.bashrc
    zsh    eval "$(gitrack completion zsh)"    in ~/.zshrc, after compinit
    fish   gitrack completion fish | source    in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from gitrack.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None  # the three of click's own
    click.echo(kind(cli, {}, "gitrack", "_GITRACK_COMPLETE").source())
