"""The gates of a policy: each is judged from the branch, and says what it found where."""
