"""A process that draws: a line of JSON in, a line of JSON out. `apart.py` starts it by its path.

It imports nothing of gitrack, so that it is there soon.
"""

import importlib
import json
import signal
import sys


def main() -> None:
    """Draw until nobody asks any more; whatever takes too long ends this process, and only it."""
    draw = importlib.import_module("vl_convert").vegalite_to_svg
    patience = int(sys.argv[1])
    for line in sys.stdin:
        if hasattr(signal, "alarm"):  # whoever asked may be gone, and would end nothing
            signal.alarm(patience)
        try:
            # an empty list would allow none, too, but a name that is no address says so plainly
            told = {"svg": draw(json.loads(line), allowed_base_urls=["https://nowhere.invalid/"])}
        except (ValueError, TypeError) as error:  # TypeError: what its own reader cannot take
            told = {"error": str(error)}
        if hasattr(signal, "alarm"):
            signal.alarm(0)  # the next one may be asked for much later
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
