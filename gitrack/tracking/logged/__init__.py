"""What may be logged to a live run, checked and taken on the way in."""
