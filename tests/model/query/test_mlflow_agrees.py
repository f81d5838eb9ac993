"""Filters find what MLflow finds with them.

What is expected was recorded from the SQL store of MLflow 3.17.2, which was given these runs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gitrack.model.query import parse
from tests.model.query.tables import NAN, Columns

INF = float("inf")
#: 2024-10-22T12:26:40Z, and a day later for each run
FIRST, DAY = 1_729_600_000, 86_400


def a_run(n: int) -> dict[str, Any]:
    """One of thirty runs: what it logged, by the names of our columns."""
    started = datetime.fromtimestamp(FIRST + n * DAY, UTC)
    status = "finished" if n % 5 else ("finished", "failed", "killed", "running")[n // 5 % 4]
    run: dict[str, Any] = {
        "id": f"id{n}",
        "name": f"run-{n:02}",
        "experiment": "e",
        "status": status,
        "author": "ada" if n % 2 else "bob",
        "started": f"{started:%Y-%m-%dT%H:%M:%S}.000Z",
        "params.max_depth": n % 7 + 2,
        "params.lr": (0.05, 0.1, 0.3)[n % 3],
        "params.model": ("xgboost", "XGBoost", "lightgbm", "random_forest")[n % 4],
        "metrics.auc": round(0.8 + n / 200, 4),
        "metrics.loss": {3: NAN, 4: INF, 5: -INF}.get(n, round(1 / (n + 1), 5)),
        "tags.team": ("logistics-ml", "pricing", "Logistics")[n % 3],
    }
    sometimes: list[tuple[bool, str, Any]] = [
        (n % 5 == 0, "params.learning rate", "fast"),
        (n % 6 == 0, "params.note", "50% o_f 'it'"),
        (n % 4 == 1, "params.flag", n % 8 == 1),
        (n == 7, "params.empty", "None"),
        (n % 4 == 0, "metrics.val auc", round(0.5 + n / 100, 4)),
        (n % 3 == 0, "metrics.sys/cpu", float(n)),
        (n % 2 == 0, "tags.hypothesis", f"Weather improves AUC by {n} pp"),
        (n % 9 == 0, "tags.mlflow.user", "ada"),
        (n % 10 == 0, "tags.a.b-c", "v1"),
    ]
    return run | {name: value for is_there, name, value in sometimes if is_there}


RUNS = [a_run(n) for n in range(30)]
TABLE = Columns({name: [run.get(name) for run in RUNS] for run in RUNS for name in run})

#: (filter, numbers of the runs that MLflow finds)
RECORDED = [
    ("metrics.auc > 0.9", "21 22 23 24 25 26 27 28 29"),
    ("metrics.auc >= 0.9", "20 21 22 23 24 25 26 27 28 29"),
    ("metrics.auc = 0.85", "10"),
    (
        "metrics.auc != 0.85",
        "0 1 2 3 4 5 6 7 8 9 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
    ),
    ("metrics.auc < 0.85", "0 1 2 3 4 5 6 7 8 9"),
    ("metrics.auc <= 0.85", "0 1 2 3 4 5 6 7 8 9 10"),
    ("metric.auc > 0.9", "21 22 23 24 25 26 27 28 29"),
    ("metrics.`auc` > 0.9", "21 22 23 24 25 26 27 28 29"),
    ('metrics."auc" > 0.9', "21 22 23 24 25 26 27 28 29"),
    ("metrics.`val auc` > 0.6", "12 16 20 24 28"),
    ('metrics."val auc" <= 0.6', "0 4 8"),
    ("metrics.`sys/cpu` >= 9", "9 12 15 18 21 24 27"),
    ("metrics.auc > .9", "21 22 23 24 25 26 27 28 29"),
    ("metrics.auc > 9e-1", "21 22 23 24 25 26 27 28 29"),
    (
        "metrics.loss > -1",
        "0 1 2 4 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
    ),
    ("metrics.loss > 0.1", "0 1 2 4 6 7 8"),
    ("metrics.loss < 0.1", "5 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29"),
    (
        "metrics.loss != 0.5",
        "0 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
    ),
    ("metrics.nosuch > 1", ""),
    ("metrics.auc > 0.85 and metrics.auc < 0.9", "11 12 13 14 15 16 17 18 19"),
    ("metrics.auc > 0.85 AND params.model = \"xgboost\" AND tags.team = 'pricing'", "16 28"),
    ('params.model = "xgboost"', "0 4 8 12 16 20 24 28"),
    ("params.model = 'xgboost'", "0 4 8 12 16 20 24 28"),
    ("parameter.model = 'xgboost'", "0 4 8 12 16 20 24 28"),
    ("param.model = 'xgboost'", "0 4 8 12 16 20 24 28"),
    ("params.model != 'xgboost'", "1 2 3 5 6 7 9 10 11 13 14 15 17 18 19 21 22 23 25 26 27 29"),
    ("params.model LIKE 'xg%'", "0 4 8 12 16 20 24 28"),
    ("params.model like '%boost'", "0 4 8 12 16 20 24 28"),
    ("params.model ILIKE 'XG%'", "0 1 4 5 8 9 12 13 16 17 20 21 24 25 28 29"),
    ("params.model LIKE 'x_boost'", "0 4 8 12 16 20 24 28"),
    ("params.model LIKE '%'", "all"),
    ("params.model LIKE '%gb%'", "0 2 4 6 8 10 12 14 16 18 20 22 24 26 28"),
    ("params.model LIKE 'xgboost'", "0 4 8 12 16 20 24 28"),
    ("params.max_depth = '4'", "2 9 16 23"),
    (
        "params.max_depth != '4'",
        "0 1 3 4 5 6 7 8 10 11 12 13 14 15 17 18 19 20 21 22 24 25 26 27 28 29",
    ),
    ('params.lr = "0.1"', "1 4 7 10 13 16 19 22 25 28"),
    ("params.lr LIKE '0.%'", "all"),
    ("params.flag = 'True'", "1 9 17 25"),
    ("params.flag != 'True'", "5 13 21 29"),
    ("params.`learning rate` = 'fast'", "0 5 10 15 20 25"),
    ("params.\"learning rate\" = 'fast'", "0 5 10 15 20 25"),
    ("params.note LIKE '50\\%%'", ""),
    ("params.note LIKE '%o\\_f%'", ""),
    ("params.note LIKE '50%'", "0 6 12 18 24"),
    ("params.empty = 'None'", "7"),
    ("params.nosuch = 'x'", ""),
    ("params.nosuch != 'x'", ""),
    ("params.nosuch IS NULL", "all"),
    ("params.nosuch IS NOT NULL", ""),
    ("params.note IS NULL", "1 2 3 4 5 7 8 9 10 11 13 14 15 16 17 19 20 21 22 23 25 26 27 28 29"),
    ("params.note IS NOT NULL", "0 6 12 18 24"),
    ("tags.hypothesis IS NULL", "1 3 5 7 9 11 13 15 17 19 21 23 25 27 29"),
    ("tags.hypothesis IS NOT NULL", "0 2 4 6 8 10 12 14 16 18 20 22 24 26 28"),
    ("tags.team = 'pricing'", "1 4 7 10 13 16 19 22 25 28"),
    ("tag.team = 'pricing'", "1 4 7 10 13 16 19 22 25 28"),
    ("tags.team != 'pricing'", "0 2 3 5 6 8 9 11 12 14 15 17 18 20 21 23 24 26 27 29"),
    ("tags.team LIKE 'Log%'", "2 5 8 11 14 17 20 23 26 29"),
    ("tags.team ILIKE 'log%'", "0 2 3 5 6 8 9 11 12 14 15 17 18 20 21 23 24 26 27 29"),
    ("tags.hypothesis ILIKE '%weather%10%'", "10"),
    ("tags.`mlflow.user` = 'ada'", "0 9 18 27"),
    ("tags.mlflow.user = 'ada'", "0 9 18 27"),
    ("tags.`a.b-c` = 'v1'", "0 10 20"),
    ("tags.\"a.b-c\" != 'v1'", ""),
    (
        "attributes.status = 'FINISHED'",
        "0 1 2 3 4 6 7 8 9 11 12 13 14 16 17 18 19 20 21 22 23 24 26 27 28 29",
    ),
    (
        "attribute.status != 'FAILED'",
        "0 1 2 3 4 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 26 27 28 29",
    ),
    ("attr.status = 'KILLED'", "10"),
    ("run.status = 'KILLED'", "10"),
    ("status = 'RUNNING'", "15"),
    ("status LIKE 'FIN%'", "0 1 2 3 4 6 7 8 9 11 12 13 14 16 17 18 19 20 21 22 23 24 26 27 28 29"),
    ("status ILIKE 'fin%'", "0 1 2 3 4 6 7 8 9 11 12 13 14 16 17 18 19 20 21 22 23 24 26 27 28 29"),
    ("attributes.run_name = 'run-03'", "3"),
    ("run_name LIKE 'run-1%'", "10 11 12 13 14 15 16 17 18 19"),
    ("`run name` = 'run-03'", "3"),
    ("attributes.`run name` = 'run-04'", "4"),
    (
        "attributes.start_time > 1730000000000",
        "5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
    ),
    (
        "attributes.start_time >= 1730032000000 and attributes.start_time <= 1730464000000",
        "5 6 7 8 9 10",
    ),
    (
        "start_time != 1730032000000",
        "0 1 2 3 4 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
    ),
    (
        "attributes.created > 1730000000000",
        "5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
    ),
    ("created = 1730032000000", "5"),
    ("attributes.user_id = 'ada'", "1 3 5 7 9 11 13 15 17 19 21 23 25 27 29"),
    ("user_id != 'ada'", "0 2 4 6 8 10 12 14 16 18 20 22 24 26 28"),
    ("attributes.artifact_uri LIKE '%'", "all"),
    ("", "all"),
    ("   metrics.auc   >   0.9   ", "21 22 23 24 25 26 27 28 29"),
    ("metrics.AUC > 0.9", ""),
    ("tags.team = ''", ""),
    ("dataset.name = 'x'", ""),
    (
        "metrics.loss <= 0.1 and params.lr != '0.1' and tags.hypothesis IS NOT NULL",
        "12 14 18 20 24 26",
    ),
]


@pytest.mark.parametrize(("text", "found"), RECORDED)
def test_what_mlflow_finds(text: str, found: str):
    expected = list(range(30)) if found == "all" else [int(n) for n in found.split()]
    assert parse(text).select(TABLE) == expected


def test_where_we_find_more_on_purpose():
    # MLflow knows a status in capitals only, and finds nothing
    lower, upper = "status = 'finished'", "status = 'FINISHED'"
    assert parse(lower).select(TABLE) == parse(upper).select(TABLE) != []
