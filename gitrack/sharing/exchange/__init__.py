"""Between clones: the branch by git, heavy files by DVC's remotes."""
