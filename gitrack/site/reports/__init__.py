"""Reports: Markdown of the project, with blocks that ask the branch when the site is built."""
