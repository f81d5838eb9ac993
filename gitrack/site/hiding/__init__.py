"""What a site does not show: names that a project hides, and people on a public site."""
