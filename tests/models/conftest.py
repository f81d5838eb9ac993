"""Small data with numbers, text and gaps, and models that were fitted on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    """Eighty flights that nobody took."""
    random = np.random.default_rng(7)
    delay = random.normal(10, 20, 80)
    delay[::9] = np.nan
    return pd.DataFrame(
        {
            "hour": random.integers(0, 24, 80),
            "delay": delay,
            "carrier": random.choice(["AA", "UA", "Zürich"], 80),
        }
    )


@pytest.fixture(scope="session")
def late(rows: pd.DataFrame) -> np.ndarray:
    return (rows["hour"] + rows["delay"].fillna(0) / 4 > 14).to_numpy().astype(int)


@pytest.fixture
def prepare() -> Any:
    """What makes numbers of the rows, not fitted yet."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return ColumnTransformer(
        [("numbers", numbers, ["hour", "delay"]), ("carrier", OneHotEncoder(), ["carrier"])]
    )


@pytest.fixture
def logistic(prepare: Any, rows: pd.DataFrame, late: np.ndarray) -> Any:
    """Preparation and a linear model."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(prepare, LogisticRegression()).fit(rows, late)


@pytest.fixture
def boosted(prepare: Any, rows: pd.DataFrame, late: np.ndarray) -> Any:
    """Preparation and XGBoost, in one pipeline."""
    from sklearn.pipeline import make_pipeline
    from xgboost import XGBClassifier

    return make_pipeline(prepare, XGBClassifier(n_estimators=8, n_jobs=1)).fit(rows, late)


@pytest.fixture
def booster(prepare: Any, rows: pd.DataFrame, late: np.ndarray) -> Any:
    """XGBoost's own model; `prepare` is fitted by it."""
    import xgboost

    data = xgboost.DMatrix(prepare.fit_transform(rows), label=late)
    return xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 8)
