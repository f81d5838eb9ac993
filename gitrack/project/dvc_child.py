"""`dvc repro` itself, in a process of its own, that writes down what DVC does with each stage.

Everything is DVC's own command: its parser, its words, its exit codes. Only the function that
reproduces one stage, which DVC takes as an argument, is wrapped, and what DVC knows of the stage
afterwards (what goes to dvc.lock) is reported.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitrack.project import report
from gitrack.project.stages import described, name_of


def main(arguments: Sequence[str]) -> int:
    """`dvc` with these arguments, one of which is `repro`; its exit code."""
    import dvc.cli
    import dvc.commands.repro

    recorder = Recorder(Path(os.environ.pop(report.VARIABLE)))
    recorder.listen()

    class Recorded(dvc.commands.repro.CmdRepro):  # type: ignore[misc]  # DVC ships no types
        """DVC's command, with our way to reproduce a stage around its own."""

        @property
        def _repro_kwargs(self) -> dict[str, Any]:
            return {**super()._repro_kwargs, "repro_fn": recorder}

        def run(self) -> Any:
            try:
                return super().run()
            finally:
                whole = sys.exc_info()[0] is None and not _limited(self.args)
                recorder.finish(self.repo, whole=whole)

    dvc.commands.repro.CmdRepro = Recorded
    sys.argv = ["dvc", *arguments]
    code: int = dvc.cli.main(list(arguments))
    return code


def _limited(args: Any) -> bool:
    """True if only a part of the project's stages was asked for."""
    return bool(args.targets or args.single_item)


class Recorder:
    """Reproduces stages as DVC does, and writes down how that went."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._commands: set[str] = set()
        self._stages: list[Any] = []
        self._failed = False

    def listen(self) -> None:
        """Notice when DVC really runs a command: a run that its cache knows is only restored."""
        import dvc.stage.run

        usual = dvc.stage.run.cmd_run

        def noticed(stage: Any, *arguments: Any, **options: Any) -> Any:
            self._commands.add(name_of(stage))
            return usual(stage, *arguments, **options)

        dvc.stage.run.cmd_run = noticed

    def __call__(self, stage: Any, **options: Any) -> Any:
        from dvc.repo.reproduce import _reproduce_stage

        began = time.monotonic()
        try:
            done = _reproduce_stage(stage, **options)
        except BaseException as error:
            self._note(stage, "failed", began)
            report.write(self._path, "failed", {name_of(stage): _worded(error)})
            raise
        ran = done is not None and name_of(stage) in self._commands
        self._note(stage, "ran" if ran else "cached", began)
        return done

    def _note(self, stage: Any, state: Any, began: float) -> None:
        if not stage.cmd:
            return  # a .dvc file: data, and no stage of the pipeline
        if state == "failed":
            self._failed = True
        else:
            self._stages.append(stage)
        seconds = None if state == "cached" else round(time.monotonic() - began, 3)
        report.write(self._path, "stage", described(stage, state, seconds))

    def finish(self, repo: Any, *, whole: bool) -> None:
        """Write down what concerns the run as a whole; trouble with it never fails the command."""
        from gitrack.project.declared import tell

        try:
            report.write(
                self._path, "told", tell(repo, self._stages, whole=whole and not self._failed)
            )
        except Exception as error:  # noqa: BLE001 - the pipeline has run; its record is what suffers
            # where DVC itself has come to nothing, it says why
            faults = [_worded(error)] if whole or self._stages else []
            told = report.Told(root=str(repo.root_dir), faults=faults)
            report.write(self._path, "told", told)


def _worded(error: BaseException) -> str:
    """An error as DVC would print it, with what caused it."""
    words: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(words) < 5:
        text = " ".join(str(seen).split())
        words.append(text or type(seen).__name__)
        seen = seen.__cause__
    return ": ".join(dict.fromkeys(words))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
