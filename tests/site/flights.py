"""Made-up runs that look like real ones: late arrivals, three experiments, curves and pictures."""

from __future__ import annotations

import functools
import hashlib
import math
import random
from datetime import UTC, datetime, timedelta

import msgspec

from gitrack.errors import InvalidName
from gitrack.model.history import History
from gitrack.model.run import (
    Artifact,
    Code,
    Dataset,
    Environment,
    Fault,
    Run,
    RunBundle,
    Status,
)
from gitrack.store.branch import Entry
from gitrack.store.layout import run_folder
from gitrack.store.made import AllVersions
from gitrack.store.registry.whole import AllModels
from gitrack.store.sweeps import AllSweeps

PATCH = """\
diff --git a/train.py b/train.py
index 3b18e51..a0423f7 100644
--- a/train.py
+++ b/train.py
@@ -14,7 +14,9 @@ def train(settings):
     model = xgboost.XGBClassifier(
         max_depth=settings.max_depth,
-        learning_rate=0.1,
+        learning_rate=settings.learning_rate,
+        # fewer trees overfit less on a single winter
+        early_stopping_rounds=20,
     )
     return model.fit(x, y)
{blank}
diff --git a/features.py b/features.py
index 11aa22b..33cc44d 100644
--- a/features.py
+++ b/features.py
@@ -3,4 +3,5 @@
 import pandas as pd
{blank}
 def weather(flights, observations):
-    return flights.merge(observations, on="time_hour")
+    joined = flights.merge(observations, on=["origin", "time_hour"])
+    return joined.fillna({"precip": 0.0})
""".replace("{blank}", " ")
PACKAGES = ["numpy==2.1.3", "pandas==2.2.3", "scikit-learn==1.5.2", "xgboost==2.1.2", "pyarrow==18"]
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200">'
    b'<rect width="300" height="200" fill="#fff"/>'
    b'<path d="M30 170 270 30" stroke="#0069b4" stroke-width="3" fill="none"/></svg>'
)


class MadeStore:
    """What the site needs of a store, over runs made here."""

    def __init__(
        self,
        bundles: list[RunBundle],
        faults: list[Fault] | None = None,
        versions: AllVersions | None = None,
        models: AllModels | None = None,
        sweeps: AllSweeps | None = None,
    ) -> None:
        self.bundles = {_folder(bundle.run): bundle for bundle in bundles}
        self.faults = faults or []
        self._versions = versions or AllVersions()
        self._models = models or AllModels()
        self._sweeps = sweeps or AllSweeps()

    def versions(self) -> AllVersions:
        return self._versions

    def models(self) -> AllModels:
        return self._models

    def sweeps(self) -> AllSweeps:
        return self._sweeps

    def all(self):
        yield from ((path, bundle.run) for path, bundle in self.bundles.items())
        yield from ((fault.path, fault) for fault in self.faults)

    def trees(self):
        return {
            path: hashlib.sha1(
                msgspec.json.encode(bundle.files) + repr(bundle.run).encode()
            ).hexdigest()
            for path, bundle in self.bundles.items()
        }

    def history(self, path: str):
        data = self.bundles[path].files.get("history.tsv")
        return History.from_tsv(data.decode()) if data is not None else None

    def files(self, path: str) -> list[Entry]:
        return [Entry(f"{path}/{name}", "0" * 40) for name in self.bundles[path].files]

    def read(self, path: str) -> bytes:
        folder = next(f for f in self.bundles if path.startswith(f + "/"))
        return self.bundles[folder].files[path.removeprefix(folder + "/")]


def _folder(run: Run) -> str:
    """Where it lies; for names that a store would refuse, some place all the same."""
    try:
        return run_folder(run.experiment, run.id)
    except InvalidName:
        return f"runs/{hashlib.sha1(repr(run).encode()).hexdigest()}"


def flights() -> list[RunBundle]:
    """Twelve runs: a baseline, the same with weather, and scikit-learn beside them."""
    chance = random.Random(7)
    day = datetime(2026, 9, 3, 8, 12, 40, tzinfo=UTC)
    made = []
    plans = [
        (
            "xgboost-baseline-20260903",
            "xgb-baseline",
            3,
            0.74,
            "Flight and calendar alone reach AUC 0.75",
        ),
        (
            "xgboost-weather-features-20260905",
            "xgb-weather",
            6,
            0.79,
            "Adding weather at the origin improves AUC by 2 pp",
        ),
        (
            "sklearn-models-20260908",
            "sk",
            3,
            0.77,
            "A linear model with good features is within 1 pp of boosting",
        ),
    ]
    for experiment, prefix, count, level, hypothesis in plans:
        for place in range(count):
            day += timedelta(hours=chance.uniform(2, 9))
            made.append(_bundle(chance, experiment, prefix, place, level, hypothesis, day))
        day += timedelta(days=1)
    return made


def _bundle(chance, experiment, prefix, place, level, hypothesis, start) -> RunBundle:
    rate, depth = [0.3, 0.1, 0.05, 0.02, 0.01, 0.2][place % 6], [4, 6, 8][place % 3]
    failed = experiment.startswith("xgboost-weather") and place == 3
    steps = 12 if failed else 60 + 20 * place
    history = _history(chance, steps, rate)
    auc = level + 0.012 * place - 0.002 * place * place + chance.gauss(0, 0.003)
    last = {name: column[-1] for name, column in history.columns.items()}
    curves: dict[str, float] = {}
    for name, column in history.columns.items():
        curves |= {
            f"{name}.count": len(column),
            f"{name}.min": min(column),
            f"{name}.min_step": column.index(min(column)),
            f"{name}.max": max(column),
            f"{name}.max_step": column.index(max(column)),
        }
    tail = "".join(chance.choice("0123456789abcdefghjkmnpqrstvwxyz") for _ in range(6))
    dirty = place == 2
    files = {
        "history.tsv": _bytes(history.to_tsv()),
        "environment.txt": ("\n".join([*PACKAGES, f"gitrack-ml==0.1.{place % 2}"]) + "\n").encode(),
        "output.txt": _console(steps, history),
        "artifacts/classes.txt": b"on time\nlate\n",
        "artifacts/model.dvc": b"outs:\n- md5: 0123456789abcdef0123456789abcdef.dir\n",
    }
    if dirty:
        files["code.patch"] = PATCH.encode()
    if not failed:
        files["artifacts/plots/roc.png"] = _picture("ROC", auc)
        files["artifacts/plots/calibration.png"] = _picture("Calibration", 0.5)
        files["artifacts/importance.svg"] = SVG
    run = Run(
        id=f"{start:%Y%m%d-%H%M%S}-{tail}",
        name=f"{prefix}-lr{str(rate).replace('.', '')}-depth{depth}",
        experiment=experiment,
        status=Status.FAILED if failed else Status.FINISHED,
        started=f"{start:%Y-%m-%dT%H:%M:%S}.120Z",
        ended=f"{start + timedelta(seconds=steps * 1.7):%Y-%m-%dT%H:%M:%S}.870Z",
        author=["Jane Smith <jane.smith@example.com>", "Ravi Patel <ravi@example.com>"][place % 2],
        command=f"python train.py --lr {rate} --depth {depth}",
        notes="Tried after the weather join was mended.\nKeep for the review." if dirty else None,
        error=TRACEBACK if failed else None,
        params={
            "learning_rate": rate,
            "max_depth": depth,
            "n_estimators": 400,
            "subsample": 0.8,
            "feature_set": "v2.3-with-weather" if "weather" in experiment else "v2.2",
            "late_after_minutes": 30,
            "model": prefix.partition("-")[0],
        },
        metrics=last
        if failed
        else {
            **last,
            "test_auc_roc": round(auc, 6),
            "test_f1": round(auc - 0.21, 6),
            "test_pr_auc": round(auc - 0.28, 6),
            "calibration_ece": round(0.05 - 0.006 * place, 6),
            "inference_latency_p99_ms": round(chance.uniform(4, 16), 3),
        },
        curves=curves,
        tags={
            "hypothesis": hypothesis,
            "team": "logistics-ml",
            "use_case": "late-arrivals",
            "data_version": "v1.4.2",
            "status": "candidate" if place == 2 else "experimental",
        },
        code=Code(
            commit=hashlib.sha1(experiment.encode()).hexdigest(),
            branch="feature/weather" if "weather" in experiment else "main",
            dirty=dirty,
            patch="code.patch" if dirty else None,
        ),
        data=[
            Dataset(
                name="flights",
                role="train",
                path="data/train.parquet",
                dvc="md5:a4f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8",
                version="v1.4.2",
                rows=230_113,
                columns=31 if "weather" in experiment else 19,
            ),
            Dataset(name="flights", role="test", path="data/test.parquet", rows=82_040),
        ],
        environment=Environment(
            python="3.12.7",
            image="ml-training:2026.08.15",
            os="Linux 6.8 x86_64",
            cpu="AMD EPYC 7763",
            cores=8,
            memory=33_000_000_000,
            variables={"SLURM_JOB_ID": "81223"},
        ),
        seeds={"numpy": 42, "python": 42},
        artifacts=[
            Artifact(path="classes.txt", size=13),
            Artifact(
                path="model",
                kind="model",
                flavor="xgboost",
                store="dvc",
                md5="0123456789abcdef0123456789abcdef.dir",
                size=483_920,
                files=4,
            ),
        ],
    )
    return RunBundle(run=run, files=files)


TRACEBACK = """\
Traceback (most recent call last):
  File "train.py", line 88, in <module>
    main()
  File "train.py", line 61, in main
    joined = weather(flights, observations)
KeyError: "['time_hour'] not in index"
"""


def _history(chance, steps: int, rate: float) -> History:
    columns: dict[str, list[float | None]] = {"train_logloss": [], "val_logloss": [], "val_auc": []}
    for step in range(steps):
        fall = math.exp(-step * (0.02 + rate / 4))
        columns["train_logloss"].append(round(0.31 + 0.36 * fall + chance.gauss(0, 0.004), 6))
        over = 0.00018 * max(0, step - 70)
        columns["val_logloss"].append(round(0.36 + 0.32 * fall + over + chance.gauss(0, 0.006), 6))
        columns["val_auc"].append(round(0.78 - 0.25 * fall + chance.gauss(0, 0.004), 6))
    times = [1.6 * step for step in range(steps)]
    return History(steps=list(range(steps)), times=times, columns=columns, sampled_from=None)


def _console(steps: int, history: History) -> bytes:
    lines = ["loading data/train.parquet", "230,113 flights, 31 columns"]
    column = history.columns["val_logloss"]
    lines += [f"[{step}]\tval_logloss:{column[step]:.5f}" for step in range(0, steps, 10)]
    return ("\n".join(lines) + "\n\x1b[32mdone\x1b[0m\n").encode()


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


@functools.cache  # drawing them takes three times as long as making the whole site
def _picture(title: str, level: float) -> bytes:
    """A plot as a library would draw it, or a tiny one where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        import base64

        return base64.b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
    import io

    figure = Figure(figsize=(4, 3), dpi=96)
    axes = figure.subplots()
    xs = [i / 40 for i in range(41)]
    axes.plot(xs, [x ** (1 / (1 + 6 * level)) for x in xs])
    axes.plot(xs, xs, linestyle="--", color="#999999", linewidth=1)
    axes.set_title(f"{title} ({level:.3f})", fontsize=10)
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
