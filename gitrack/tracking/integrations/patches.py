"""Functions of other libraries replaced for a while, and put back exactly as they were."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_MISSING = object()


class Patches:
    """What was replaced, in order."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any, Any]] = []
        self._waiting: list[_OnImport] = []

    def replace(self, owner: Any, name: str, new: Any) -> None:
        """Set `owner.name`, remembering what the owner itself had there."""
        self._done.append((owner, name, vars(owner).get(name, _MISSING), new))
        setattr(owner, name, new)

    def when_imported(self, module: str, patch: Callable[[], None]) -> None:
        """Call `patch` now if the module is loaded, else right after it will be."""
        if module in sys.modules:
            patch()
            return
        waiting = _OnImport(module, patch)
        self._waiting.append(waiting)
        sys.meta_path.insert(0, waiting)

    def restore(self) -> None:
        """Put everything back. What somebody replaced after us stays theirs."""
        for waiting in self._waiting:
            if waiting in sys.meta_path:
                sys.meta_path.remove(waiting)
        self._waiting.clear()
        for owner, name, old, new in reversed(self._done):
            if _raw(owner, name) is not _raw_value(new):
                continue
            if old is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, old)
        self._done.clear()


class _OnImport(importlib.abc.MetaPathFinder):
    """Watches for one module, and is gone once it was found."""

    def __init__(self, module: str, patch: Callable[[], None]) -> None:
        self._module = module
        self._patch = patch

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._module:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        loader, patch = spec.loader, self._patch
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            patch()

        loader.exec_module = exec_module  # type: ignore[method-assign]  # this loader is ours alone
        return spec


def _raw(owner: Any, name: str) -> Any:
    return _raw_value(vars(owner).get(name, _MISSING))


def _raw_value(value: Any) -> Any:
    """A classmethod is wrapped anew at each look; the function in it is the same."""
    return getattr(value, "__func__", value)
