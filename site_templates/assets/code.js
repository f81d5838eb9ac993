/* The code of runs: which files differ between two commits, what they say, and what came between.
   Folders are walked side by side by git's own ids; only where these differ is anything loaded. */
(function () {
  "use strict";

  const arrived = new Map();
  const isId = (id) => typeof id === "string" && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(id);
  const MOST = 5000;

  gitrack.tree = (id, items) => arrived.set(id, items);
  gitrack.blob = (id, text, why) => arrived.set(id, { text, why });
  gitrack.commits = (told) => arrived.set("commits", told);

  async function bring(id) {
    if (!isId(id)) return undefined;
    if (!arrived.has(id)) {
      try {
        await gitrack.load("data/code/" + id + ".js");
      } catch (absent) {
        return undefined;
      }
    }
    return arrived.get(id);
  }

  /** All that is told of commits; null where the site shows no code. */
  async function commits() {
    if (!arrived.has("commits")) await gitrack.load("data/code/commits.js");
    return arrived.get("commits");
  }

  /** The outermost folder of a commit; null where it is not in the clone of which the site was made. */
  async function rootOf(commit) {
    const told = await commits();
    const found = told && told.runs.find(([id]) => id === commit);
    return found ? found[1] : null;
  }

  /** [[path, id in one | null, id in other | null], …] by path, or null where one is not here. */
  async function files(one, other) {
    const roots = [await rootOf(one), await rootOf(other)];
    if (roots.includes(null)) return null;
    const found = [];
    await walk(roots[0], roots[1], "", found);
    return found.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  async function walk(one, other, path, found) {
    if (one === other || found.length >= MOST) return;
    const [before, after] = await Promise.all([one && bring(one), other && bring(other)]);
    if (!before && !after) { found.push([path, one, other]); return; }
    if ((one && !before) || (other && !after)) { found.push([path, one, other]); return; }
    const old = new Map((before || []).map((item) => [item[0], item]));
    const fresh = new Map((after || []).map((item) => [item[0], item]));
    const names = [...new Set([...old.keys(), ...fresh.keys()])];
    await Promise.all(names.map(async (name) => {
      const [was, is] = [old.get(name), fresh.get(name)];
      if (was && is && was[2] === is[2]) return;
      const [folderWas, folderIs] = [was && was[1] === "tree", is && is[1] === "tree"];
      if (folderWas || folderIs) await walk(folderWas ? was[2] : null, folderIs ? is[2] : null, path + name + "/", found);
      const [fileWas, fileIs] = [was && !folderWas ? was[2] : null, is && !folderIs ? is[2] : null];
      if (fileWas || fileIs) found.push([path + name, fileWas, fileIs]);
    }));
  }

  /** A file by its id: its text, or why there is none: "binary", "large", "private", "missing". */
  async function text(id) {
    return (await bring(id)) || { text: null, why: "missing" };
  }

  /** Commits that can be reached from `other` and not from `one`; null where one is not here. */
  async function between(one, other) {
    const told = await commits();
    if (!told) return null;
    const known = new Map(told.commits.map((commit) => [commit[0], commit]));
    if (!known.has(one) || !known.has(other)) return null;
    const reached = (from) => {
      const seen = new Set();
      const waiting = [from];
      while (waiting.length) {
        const id = waiting.pop();
        if (seen.has(id) || !known.has(id)) continue;
        seen.add(id);
        waiting.push(...known.get(id)[1]);
      }
      return seen;
    };
    const [had, has] = [reached(one), reached(other)];
    const fresh = told.commits.filter(([id]) => has.has(id) && !had.has(id));
    const cut = fresh.some((commit) => commit[1].some((id) => !known.has(id)));
    return [fresh, cut];
  }

  gitrack.code = { commits, files, text, between };
})();
