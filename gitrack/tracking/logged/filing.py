"""The files that a live run leaves: artifacts, text, figures, tables, predictions."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from gitrack.artifacts.names import check_name
from gitrack.errors import UsageError
from gitrack.model.md5 import is_md5
from gitrack.tracking.logged import files, values
from gitrack.tracking.logged.live import Live
from gitrack.tracking.logged.naming import naming, one_word


class Filing(Live):
    """What of `Run` takes files and contents."""

    def log_artifact(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        *,
        kind: str | None = None,
        flavor: str | None = None,
        named: str | None = None,
        aliases: Iterable[str] = (),
        description: str | None = None,
    ) -> Self:
        """A file or folder, as it is now: it may change or go afterwards.

        `name` is its path in the run (its own name unless given); one that ends in `/` is a folder
        to put it in. Logged again under one name, the last counts. `kind` is one word (`file` or
        `folder` unless given; `model`, `figure` …), `flavor` a model's library. Small text and
        pictures (`artifacts.inline_below`, 100 kB) go to the branch, everything else to DVC. Links
        are followed; pipes, dangling links and loops in a folder are left out with a warning.

        `named` makes it a version of a named artifact that runs share: `flights` becomes
        `flights:v1`, `flights:v2` … when the run ends. The same contents are the same version.
        `aliases` such as `best` point to it from then on; `latest` always is the highest version.
        `description` says in words what it is.
        A URI (`s3://…`) is recorded without copying anything, as `log_reference` does.
        Raises UsageError if nothing is there, and InvalidName for a name that some system could
        not store. A full disk warns.
        """
        if files.is_uri(path):
            return self.log_reference(
                str(path), name, kind=kind, flavor=flavor, named=named, aliases=aliases,
                description=description,
            )  # fmt: skip
        self._must_run()
        about = naming(named, aliases, description)
        found = files.source(path)
        if name is None or name.endswith("/"):
            name = f"{name or ''}{found.resolve().name}"
        name = check_name(name)
        what = kind or ("folder" if found.is_dir() else "file")
        return self._keep(name, what, flavor, path=found, about=about)

    def log_reference(
        self,
        uri: str,
        name: str | None = None,
        *,
        kind: str | None = None,
        flavor: str | None = None,
        named: str | None = None,
        aliases: Iterable[str] = (),
        description: str | None = None,
        md5: str | None = None,
        size: int | None = None,
    ) -> Self:
        """Something that lies elsewhere (`s3://…`, `https://…`), recorded without copying it.

        Nothing is asked of the network. Passwords and tokens are left out of the record. `md5`,
        if you know it, tells versions apart, and what is fetched later is held against it;
        without it one URI is one version. `size` is in bytes. `name` is the last part of the URI
        unless given; the rest is as for `log_artifact`. Raises UsageError
        for what is no URI, and InvalidName.
        """
        from gitrack.retrieval.uris import last_part, recorded

        self._must_run()
        about = naming(named, aliases, description)
        shown = recorded(uri)
        if name is None or name.endswith("/"):
            name = f"{name or ''}{last_part(uri)}"
        if md5 is not None and not is_md5(md5):
            hint = "give 32 hexadecimal digits, as md5sum prints them"
            raise UsageError(f"md5 {md5!r:.60} is none", hint=hint)
        if size is not None:
            about["size"] = values.step(size)
        name = unicodedata.normalize("NFC", check_name(name))
        about.update(uri=shown, md5=md5, flavor=flavor, artifact=one_word(kind or "file"))
        with self._lock:
            self.journal.event("artifact", path=name, **about)
        return self

    def log_artifacts(self, folder: str | os.PathLike[str], name: str | None = None) -> Self:
        """Every file of a folder, each an artifact of its own, below `name`.

        Raises UsageError if it is no folder, and InvalidName for a name that some system could not
        store; then none of them is kept.
        """
        self._must_run()
        top = files.source(folder)
        if not top.is_dir():
            hint = "log one file with log_artifact"
            raise UsageError(f"{top} is not a folder", hint=hint)
        prefix = f"{check_name(name.rstrip('/'))}/" if name else ""
        found = {
            check_name(prefix + path.relative_to(top).as_posix()): path
            for path in sorted(top.rglob("*"))
            if path.is_file()
        }
        for path_in_run, path in found.items():
            self._keep(path_in_run, "file", None, path=path)
        return self

    def log_text(self, text: str, name: str, *, kind: str = "text") -> Self:
        """Text as a file, in UTF-8. Raises UsageError for what is no text, and InvalidName."""
        if not isinstance(text, str):
            hint = "log a file with log_artifact, a dict with log_dict"
            raise UsageError(f"text is a {type(text).__name__}", hint=hint)
        return self.log_bytes(text.encode("utf-8", "backslashreplace"), name, kind=kind)

    def log_bytes(
        self, data: bytes, name: str, *, kind: str = "file", flavor: str | None = None
    ) -> Self:
        """Bytes as the file `name`; `kind` and `flavor` are those of `log_artifact`.

        Raises UsageError for what is no bytes, and InvalidName.
        """
        self._must_run()
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise UsageError(f"{data!r:.60} is not bytes", hint="log text with log_text")
        return self._keep(check_name(name), kind, flavor, data=bytes(data))

    def log_dict(self, content: Any, name: str) -> Self:
        """A dict or list as JSON, or as YAML if the name ends in .yaml or .yml.

        Raises UsageError for what JSON cannot say, and InvalidName.
        """
        self._must_run()
        return self.log_bytes(files.as_document(content, check_name(name)), name, kind="dict")

    def log_figure(self, figure: Any, name: str) -> Self:
        """A figure of matplotlib or Altair, or a picture of PIL, as what its name ends in.

        Raises UsageError for other figures and endings, and InvalidName.
        """
        from gitrack.tracking.content.figures import figure_bytes

        self._must_run()
        full, data = figure_bytes(figure, check_name(name))
        return self.log_bytes(data, full, kind="figure")

    def log_table(
        self,
        frame: Any,
        name: str,
        *,
        named: str | None = None,
        aliases: Iterable[str] = (),
        description: str | None = None,
    ) -> Self:
        """A DataFrame as CSV, TSV, JSON or Parquet, as its name says.

        `named`, `aliases` and `description` are those of `log_artifact`. Raises UsageError for
        what is no table and for other endings, and InvalidName.
        """
        from gitrack.tracking.content.frames import frame_bytes

        self._must_run()
        about = naming(named, aliases, description)
        full, data = frame_bytes(frame, check_name(name))
        return self._keep(check_name(full), "table", None, data=data, about=about)

    def log_predictions(
        self, y_true: Any, scores: Any, *, ids: Any = None, name: str | None = None
    ) -> Self:
        """What was true and what was predicted, case by case: comparisons test on these pairs.

        `y_true` has n values. `scores` are n probabilities, values or labels, or n rows with a
        column a class, at most 1,000; `ids` are n different names of the cases, where runs may
        see them in another order. `name` is the file's, `predictions.parquet` unless given. Raises
        UsageError for other shapes and for no cases, InvalidName, and MissingExtra without pyarrow.
        """
        from gitrack.tracking.content.predictions import predictions_bytes

        self._must_run()
        usual, data, kind = predictions_bytes(y_true, scores, ids)
        return self.log_bytes(data, name or usual, kind=kind)

    def log_model(
        self,
        model: Any,
        name: str = "model",
        *,
        input_example: Any = None,
        signature: Any = None,
        requirements: Sequence[str] | None = None,
        preprocessor: Any = None,
        allow_pickle: bool = False,
        named: str | None = None,
        aliases: Iterable[str] = (),
        description: str | None = None,
    ) -> Self:
        """A model of scikit-learn, XGBoost, LightGBM, PyTorch or ONNX, as a folder that
        `gitrack.load_model` and MLflow load.

        `name` is its path in the run. `input_example` is data like what it will see: what the
        model takes and gives is found out with it, and at most five of its rows are kept.
        `signature` says it instead: a pair (inputs, outputs) of data, or False for none.
        `requirements` replaces the packages that were found, with their versions. A fitted
        `preprocessor` of scikit-learn travels with the model and is applied first. What no safe
        format can hold, any callable among it, needs `allow_pickle=True`, here and when it is
        loaded. `named`, `aliases` and `description` are those of `log_artifact`. Raises
        UsageError and InvalidName; a full disk warns.
        """
        from gitrack.tracking.content.models import write_model

        self._must_run()
        name = unicodedata.normalize("NFC", check_name(name))
        content = {"artifact": "model", "flavor": None, **naming(named, aliases, description)}
        write = partial(
            write_model, model, name, about=content,
            input_example=input_example, signature=signature, requirements=requirements,
            preprocessor=preprocessor, allow_pickle=allow_pickle,
        )  # fmt: skip
        self._write(name, write, "artifact", content)
        return self

    def _keep(
        self,
        name: str,
        kind: str,
        flavor: str | None,
        *,
        path: Path | None = None,
        data: bytes = b"",
        about: Mapping[str, Any] | None = None,
    ) -> Self:
        """An artifact into the outbox now; into git or DVC when the run ends."""
        name = unicodedata.normalize("NFC", name)  # as two files they would be one on a Mac
        if path is not None:
            write = partial(files.copy_in, path, name)
        else:
            write = partial(files.write_in, data, name)
        content = {"artifact": one_word(kind), "flavor": flavor, **(about or {})}
        self._write(name, write, "artifact", content)
        return self
