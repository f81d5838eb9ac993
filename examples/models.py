"""Models: preparation and classifier in one folder, loaded again by name, ready for MLflow."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

import gitrack


def main() -> None:
    X, y = deliveries(600)
    X_train, X_test, y_train, y_test = X[:400], X[400:], y[:400], y[400:]
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    prepare = ColumnTransformer(
        [
            ("numbers", numbers, ["distance_km", "packages", "rain_mm"]),
            ("depot", OneHotEncoder(handle_unknown="ignore"), ["depot"]),
        ]
    )

    with gitrack.start_run("xgboost-baseline-20241015") as run:
        model = make_pipeline(prepare, XGBClassifier(n_estimators=30, max_depth=3))
        model.fit(X_train, y_train)
        run.log_metric("test_accuracy", model.score(X_test, y_test))

        # What the model takes and gives is found out with the example
        run.log_model(
            model,
            input_example=X_train,
            named="delivery-delay",
            aliases=["best"],
            description="Raw rows in, late or not out",
        )

    # Anywhere in a clone: the pipeline itself, or a function that checks what it is given
    again = gitrack.load_model("delivery-delay:best")
    assert (again.predict_proba(X_test) == model.predict_proba(X_test)).all()

    function = gitrack.load_model(f"runs:/{run.id}/model", as_function=True)
    print(f"takes {function.signature.inputs}")
    row = {"depot": "north", "rain_mm": 3.5, "packages": 40, "distance_km": 12.0}
    print(f"says {function.predict([row])}")


def deliveries(count: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Made-up tours; a rain gauge fails now and then."""
    random = np.random.default_rng(7)
    X = pd.DataFrame(
        {
            "distance_km": random.gamma(3, 8, count),
            "packages": random.integers(1, 80, count),
            "rain_mm": np.where(random.random(count) < 0.1, np.nan, random.exponential(2, count)),
            "depot": random.choice(["north", "south", "harbour"], count),
        }
    )
    slow = X["distance_km"] / 25 + X["packages"] / 40 + X["rain_mm"].fillna(2) / 4
    return X, (slow + random.normal(0, 0.5, count) > 2.5).to_numpy().astype(int)


if __name__ == "__main__":
    main()
