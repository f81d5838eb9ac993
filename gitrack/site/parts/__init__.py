"""The parts of a site: each module gives its units, in the order in which `build` makes them.

A part is a generator: it yields units and is sent what each has become, so that what follows from
the notes of some units can be made after them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit

Units = Generator[Unit, Made, None]
Part = Callable[[Contents], Units]
