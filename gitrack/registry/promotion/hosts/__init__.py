"""Where pull requests are opened: GitHub and GitLab, by their API, or by an address to open."""
