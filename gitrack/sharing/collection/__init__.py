"""Heavy files that nobody needs any more: what they are, and taking them away."""
