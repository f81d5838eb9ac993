"""The functions of `gitrack` take what the methods of a run take, and say what they do."""

from __future__ import annotations

import inspect

import pytest

import gitrack
from gitrack.tracking.run import Run

VERBS = ("log_", "set_", "delete_", "use_")
METHODS = [name for name in dir(Run) if name.startswith(VERBS)]


@pytest.mark.parametrize("name", METHODS)
def test_a_function_takes_what_its_method_takes(name):
    function = inspect.signature(getattr(gitrack, name))
    method = inspect.signature(getattr(Run, name))

    taken = [parameter for parameter in method.parameters.values() if parameter.name != "self"]
    assert [str(parameter) for parameter in function.parameters.values()] == list(map(str, taken))


@pytest.mark.parametrize("name", sorted(set(gitrack.__all__) - {"__version__", "errors"}))
def test_every_public_name_says_what_it_is(name):
    assert inspect.getdoc(getattr(gitrack, name))
