"""The code of runs, so that a page can show what differs between any two of them.

Everything is named by git's own ids, so a file never changes once it is there, and what two commits
share is kept once. A page walks two folders side by side and loads only where their ids differ.

`data/code/commits.js`, the commits from which runs were started and those between them:

    gitrack.commits({
      "runs":    [[commit, folder | null], …],    the code commits of runs, and the id of their
                                                  outermost folder; null: not in this clone
      "commits": [[id, [parent, …], seconds, subject, author | null], …],    newest first
      "cut":     false                            true where older ones are left out
    })

`data/code/<folder id>.js`, a folder, for those that are not the same in all of these commits:

    gitrack.tree(id, [[name, kind, id], …])       kind: "tree", "file", "link" or "module"
    gitrack.tree(id, null)                        too many files in it

`data/code/<file id>.js`, a file, for those that are not the same in all of these commits:

    gitrack.blob(id, text, null)
    gitrack.blob(id, null, why)                   "binary", "large" or "private"

`assets/code.js` has the walk, for pages that compare:

    await gitrack.code.commits()                  the above, or null where the site shows no code
    await gitrack.code.files(one, other)          [[path, id in one | null, id in other | null], …]
                                                  or null where one of the commits is not here
    await gitrack.code.text(id)                   {text, why}; {null, "missing"} where it is not here
    await gitrack.code.between(one, other)        commits that only `other` has, newest first; or null
"""
