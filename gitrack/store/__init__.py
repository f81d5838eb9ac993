"""The tracking branch: YAML files in git, read, committed and indexed without a checkout."""
