"""A model registry: a run's model becomes a version, goes to staging, to production, and is loaded.

Without a policy a model has the stages that MLflow has, and whoever may push may promote.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

import gitrack

NAME = "delivery-delay-classifier"


def main() -> None:
    for strength, about in (
        (0.01, "Logistic regression, strongly regularised. The first that went out."),
        (1.0, "The same with weather features. AUC=0.892. Trained on v1.4.2 dataset."),
    ):
        run_id, model, X = train(strength)

        # Register model from a run
        registered = gitrack.register_model(f"runs:/{run_id}/model", NAME)

        # Add model version details
        gitrack.describe_model(NAME, about, version=registered.version)

        # Transition to staging, beside whatever stands there
        gitrack.promote(
            NAME,
            registered.version,
            to="Staging",
            why="for a week of real traffic",
            keep_previous=True,
            direct=True,
        )

        # After validation, promote to production: the version before it is archived.
        # Without direct=True this would be the branch of a pull request.
        gitrack.promote(
            NAME, registered.version, to="Production", why="a week without an alert", direct=True
        )

    # Load production model anywhere
    loaded = gitrack.load_model(f"models:/{NAME}/Production")
    assert (loaded.predict_proba(X) == model.predict_proba(X)).all()

    stands = gitrack.model_version(NAME, "production")
    print(f"in production: v{stands.version} of run {stands.run}")
    print(f"archived: v{gitrack.model_version(NAME, 'archived').version}")

    # It has degraded: the version before it comes back
    gitrack.rollback(NAME, why="complaints from the south depot", direct=True)
    print(f"in production: v{gitrack.model_version(NAME, 'production').version}")


def train(strength: float) -> tuple[str, LogisticRegression, np.ndarray]:
    """A run with a model in it; its id, the model, and what it was shown."""
    random = np.random.default_rng(7)
    X = random.normal(size=(400, 4))
    y = (X @ [2.0, -1.0, 0.5, 0.0] + random.normal(size=400) > 0).astype(int)
    with gitrack.start_run("logistic-weather-features-20241022", params={"C": strength}) as run:
        model = LogisticRegression(C=strength).fit(X[:300], y[:300])
        run.log_metric("test_accuracy", model.score(X[300:], y[300:]))
        run.log_model(model, "model", input_example=X[:5])
    return run.id, model, X


if __name__ == "__main__":
    main()
