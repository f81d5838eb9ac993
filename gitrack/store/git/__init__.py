"""The git engine: objects, packs, refs and locks of a repository whose checkout is not ours."""
