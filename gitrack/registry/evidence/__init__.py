"""Facts about versions that gates ask for: recorded once, by whom and when, and never changed."""
