"""Run benchmarks and print their tables: `python -m benchmarks [NAME …]`."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import platform
import time

#: In the order in which they are run: name → what it measures.
BENCHMARKS = {
    "startup": "import, --help and ls as whole processes",
    "log": "one log_metrics call, and what a kill leaves of them",
    "run": "a whole run, with all that is captured",
    "commit": "committing a finished run on top of many, and how the branch grows",
    "writers": "many processes that commit at once",
    "heavy": "heavy files: 200 MB, 100,000 files, and plain DVC among 10,000 runs",
    "read": "reading many runs: cold, warm, after one more",
    "transfer": "push and pull beside DVC's, and a push with nothing to do",
    "lineage": "what became of what, on top of many runs",
    "site": "the website of 10,000 runs: all of it, after one more run, nothing to do",
    "site_table": "the table of 10,000 runs in a browser: first rows, filter, sort, scroll",
    "site_overview": "the first page in a browser: what moves, when it is painted, what blocks",
    "registry": "look-up, registration, promotion, check and audit, on top of many of each",
}


def _present(name: str) -> bool:
    return importlib.util.find_spec(f"benchmarks.{name}") is not None


def main() -> None:
    known = [name for name in BENCHMARKS if _present(name)]
    shown = "\n".join(f"  {name:14}{BENCHMARKS[name]}" for name in known)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measure what gitrack costs.\n\n{shown}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="all, if none is named")
    chosen = parser.parse_args().names or known
    for name in chosen:
        if name not in known:
            parser.error(f"{name!r} is none of {', '.join(known)}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"Python {platform.python_version()}, {platform.system()}, {cores} cores")
    print(f"load before: {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "")
    for name in chosen:
        print(f"\n== {name}: {BENCHMARKS[name]}\n", flush=True)
        started = time.monotonic()
        importlib.import_module(f"benchmarks.{name}").main()
        print(f"\n({time.monotonic() - started:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
