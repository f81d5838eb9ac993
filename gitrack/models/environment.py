"""What a model needs to run: written beside it, and held against what is installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from gitrack.config.regular import read_regular
from gitrack.errors import UsageError

REQUIREMENTS = "requirements.txt"
CONDA = "conda.yaml"
PYTHON = "python_env.yaml"

#: What is imported under another name than it is installed. Builds such as `xgboost-cpu` count
#: as what they are builds of.
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "yaml": "PyYAML", "cv2": "opencv-python"}
_MODULES = {distribution.lower(): module for module, distribution in _DISTRIBUTIONS.items()}

_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9._+!-]*)")
_VERSION = re.compile(r"\d+")

#: Models of these libraries can be read by later versions, not by earlier ones; models of others
#: only by the version that wrote them, up to the last number.
_READ_BY_LATER = frozenset({"xgboost", "lightgbm", "torch", "onnx", "onnxruntime", "skops"})
#: Whose versions do not decide whether a model can be read.
_INDIFFERENT = frozenset({"numpy", "pandas", "scipy", "mlflow", "pyarrow"})


def distribution_of(module: str) -> str:
    """`scikit-learn` of `sklearn`; a module that nobody lists is called like itself."""
    return _DISTRIBUTIONS.get(module, module)


def installed_version(module: str) -> str | None:
    """The version, without a local part such as `+cpu`, or None if it is not installed."""
    version: object = None
    try:
        version = importlib.metadata.version(distribution_of(module))
    except importlib.metadata.PackageNotFoundError:
        version = getattr(sys.modules.get(module), "__version__", None)
        if version is None:  # reads every distribution there is
            builds = importlib.metadata.packages_distributions().get(module, [])
            version = importlib.metadata.version(builds[0]) if builds else None
    return version.partition("+")[0] if isinstance(version, str) else None


def pinned(modules: Iterable[str]) -> list[str]:
    """`["scikit-learn==1.9.1", …]` of what is installed, sorted."""
    found = {distribution_of(module): installed_version(module) for module in modules}
    return sorted(f"{name}=={version}" for name, version in found.items() if version)


def checked_requirements(given: object) -> list[str]:
    """Requirements that a user wrote: a list of lines. Raises UsageError."""
    lines = [given] if isinstance(given, str) else given
    if not isinstance(lines, Sequence) or not all(isinstance(line, str) for line in lines):
        raise UsageError(
            f"requirements {given!r:.80} are no list of texts",
            hint="requirements=['scikit-learn==1.5.0', …]",
        )
    broken = [line for line in lines if not line.strip() or "\n" in line or "\r" in line]
    if broken:
        raise UsageError(
            f"requirement {broken[0]!r:.80} is not one line", hint="give one package a text"
        )
    return [line.strip() for line in lines]


def environment_files(requirements: Sequence[str]) -> dict[str, bytes]:
    """`requirements.txt`, and what MLflow makes environments of.

    MLflow itself stands in its own two files only: gitrack loads a model without it.
    """
    import yaml

    python = platform.python_version()
    lines = "".join(f"{line}\n" for line in requirements)
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": [*requirements, "mlflow"]}],
    }
    virtual = {
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": [f"-r {REQUIREMENTS}", "mlflow"],
    }
    return {
        REQUIREMENTS: lines.encode(),
        CONDA: yaml.safe_dump(conda, sort_keys=False, allow_unicode=True).encode(),
        PYTHON: yaml.safe_dump(virtual, sort_keys=False, allow_unicode=True).encode(),
    }


class Needs(msgspec.Struct, frozen=True):
    """The exact versions that a folder's `requirements.txt` names, by module."""

    versions: dict[str, str]

    @classmethod
    def of(cls, folder: Path) -> Needs:
        """What the file says; nothing where it is missing or strange: it is only a hint."""
        path = folder / REQUIREMENTS
        try:
            text = read_regular(path, 100_000).decode("utf-8", "replace")
        except OSError:
            return cls({})
        found = {}
        for line in text.splitlines():
            match = _PINNED.fullmatch(line.strip())
            if match:
                name = match[1].lower()
                found[_MODULES.get(name, name.replace("-", "_"))] = match[2]
        return cls(found)

    def require(self, *modules: str) -> None:
        """Raise UsageError, with what to type, for the first that is not installed."""
        lacking = [module for module in modules if not _there(module)]
        if not lacking:
            return
        wanted = [self._wanted(module) for module in lacking]
        raise UsageError(
            f"this model needs {' and '.join(wanted)}, not installed here",
            hint=f"pip install {' '.join(repr(one) for one in wanted)}",
        )

    def _wanted(self, module: str) -> str:
        name, version = distribution_of(module), self.versions.get(module)
        return f"{name}=={version}" if version else name

    def compare(self, *modules: str) -> None:
        """Warn where an installed version may read the model wrongly, or not at all."""
        for module in modules:
            wanted, here = self.versions.get(module), installed_version(module)
            if wanted is None or here is None or not _matters(module, wanted, here):
                continue
            name = distribution_of(module)
            warnings.warn(
                f"the model was saved with {name} {wanted}, and {here} is installed: its "
                f"predictions may differ, or fail; pip install '{name}=={wanted}'",
                stacklevel=4,
            )


def _there(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _matters(module: str, wanted: str, here: str) -> bool:
    if module in _INDIFFERENT:
        return False
    ours, theirs = _minor(here), _minor(wanted)
    return ours < theirs if module in _READ_BY_LATER else ours != theirs


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _VERSION.findall(version)[:2])
