"""Names: project {team}-{use-case}, experiment {model}-{change}-{date}, run with its settings.

With this in `.tracking/policy.yaml`, a name that breaks the convention is refused at once, and a
run without a name gets one:

    project: {name: '{team}-{use_case}'}
    experiments: {name: '{model}-{change}-{date}'}
    runs: {name: '{experiment}-lr{learning_rate}-depth{max_depth}'}
    on_violation: refuse
"""

from __future__ import annotations

import gitrack

GOOD = [
    "xgboost-baseline-20241015",
    "xgboost-weather-features-20241022",
    "lightgbm-weather-features-20241022",
    "xgboost-weather-features-zone-embeddings-20241029",
]
BAD = ["Test 3 (final)", "xgboost", "xgboost-baseline-20241399"]


def main() -> None:
    for experiment in GOOD:
        for rate, depth in [(0.05, 8), (0.01, 6)]:
            params = {"learning_rate": rate, "max_depth": depth}
            with gitrack.start_run(experiment, params=params) as run:
                print(run.name)
    for experiment in BAD:
        try:
            with gitrack.start_run(experiment):
                print(f"no policy here: {experiment!r} was taken")
        except gitrack.errors.PolicyViolation as refused:
            print(f"refused: {refused}")


if __name__ == "__main__":
    main()
