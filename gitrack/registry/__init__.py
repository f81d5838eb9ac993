"""The registry: versions are registered, judged, promoted by pull request, checked and audited."""
