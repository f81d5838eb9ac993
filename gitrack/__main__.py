"""The command as a process: Ctrl-C ends it quietly, also while its modules are being imported."""

from __future__ import annotations

import os
import sys

#: What a shell says of a process that Ctrl-C has ended.
INTERRUPTED = 130


def main() -> None:
    """Entry point. Outside of the `try` nothing is imported but what Python has loaded anyway."""
    try:
        import signal

        # an exception would be lost where one is raised in what Python calls back while it imports
        waiting = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if waiting:  # not where Ctrl-C is ignored, as by nohup
            signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
        from gitrack.cli.main import main as command

        if waiting:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        command()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
