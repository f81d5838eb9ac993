"""What a project has decided: `.tracking/config.yaml` and `policy.yaml`, read and checked."""
