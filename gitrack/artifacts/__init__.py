"""Heavy files: bytes in the DVC cache, real DVC pointers for the branch."""
