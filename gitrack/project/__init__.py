"""Commands and DVC pipelines as runs, and the metrics and params files that DVC knows."""
