"""Records to canonical YAML and back."""
