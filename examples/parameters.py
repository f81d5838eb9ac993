"""Parameters: hyperparameters, preprocessing and infrastructure, as nested as you keep them.

Nested dictionaries become names with dots, so that each setting can be searched for:
`gitrack ls 'params.model.max_depth <= 8'`.
"""

from __future__ import annotations

import platform

import gitrack

# All model hyperparameters
model = {
    "n_estimators": 500,
    "max_depth": 8,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "min_child_weight": 5,
    "reg_alpha": 0.1,
    "reg_lambda": 1.0,
}

# Preprocessing config
preprocessing = {
    "training_window_days": 90,
    "feature_set_version": "v2.3",
    "label_definition": "delayed_by_1hr_or_more",
    "train_cutoff_date": "2024-09-30",
    "test_start_date": "2024-10-14",
}

# Infrastructure config. The version of Python, all packages, the processor and the memory are
# taken by gitrack itself; this is what it cannot know.
infrastructure = {
    "instance_type": "ml.m5.4xlarge",
    "framework": "xgboost==1.7.6",
    "python_version": platform.python_version(),
}


def main() -> None:
    with gitrack.start_run("xgboost-baseline-20241015") as run:
        run.log_params(
            {"model": model, "preprocessing": preprocessing, "infrastructure": infrastructure}
        )
    print(run.id)


if __name__ == "__main__":
    main()
