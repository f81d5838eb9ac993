"""Tags: what people need to find a run again. `.tracking/policy.yaml` says which are mandatory.

The commit, the branch, uncommitted changes and the author need no tags: gitrack records them
with every run.
"""

from __future__ import annotations

import gitrack


def main() -> None:
    with gitrack.start_run(
        "xgboost-weather-features-20241022",
        tags={
            # Mandatory tags
            "team": "logistics-ml",
            "use_case": "delivery-delay-prediction",
            "hypothesis": "Adding weather features improves AUC by 2pp",
            "data_version": "v1.4.2",
            "feature_set": "v2.3-with-weather",
        },
    ) as run:
        # Optional but useful
        run.set_tags(
            {
                "jira_ticket": "ML-1234",
                "status": "experimental",  # experimental | candidate | champion
                "training_cost_usd": "12.40",
            }
        )
    print(run.id)


if __name__ == "__main__":
    main()
