/* The code of two runs: what was committed between them, and every line that differs. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { sections, difference, hunks, within, highlight, pieces } = gitrack.compare;
  const OPEN = 12;
  const MOST = 200;
  const MOST_LINES = 1200;
  const WHY = { binary: "binary", large: "too large to be shown here", private: "not shown: files of this name hold secrets", missing: "not on this site" };

  const field = (run, name) => (run.code.find(([own]) => own === name) || [])[1];
  const short = (commit) => h("code", { title: commit }, h("bdi", {}, commit.slice(0, 10)));
  const counted = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

  async function draw(place, { base, other, alive }) {
    const [one, two] = [field(base, "commit"), field(other, "commit")];
    if (!one || !two) return false;
    const uncommitted = [base, other].filter((run) => field(run, "dirty"));
    const changed = new Map();
    for (const run of uncommitted) changed.set(run.changes || run.id, [...(changed.get(run.changes || run.id) || []), run]);
    const parts = (await Promise.all([...changed.values()].map(patch))).flat();
    if (!alive()) return true;
    if (one === two) {
      place.replaceChildren(h("p", {}, "Both ran the code of commit ", short(one), !uncommitted.length ? "." : uncommitted.length === 2 && changed.size === 1 ? ", with the same changes:" : ", but not that alone:"), ...parts);
      return true;
    }
    const told = await gitrack.code.commits();
    if (!told) {
      place.replaceChildren(h("p", {}, "This site shows no code. In a clone of the project:"), command(one, two), ...parts);
      return true;
    }
    const [files, came, went] = await Promise.all([gitrack.code.files(one, two), gitrack.code.between(one, two), gitrack.code.between(two, one)]);
    if (!alive()) return true;
    if (!files) {
      const absent = told.runs.filter(([, folder]) => folder !== null).map(([id]) => id);
      const lost = [one, two].filter((id) => !absent.includes(id));
      place.replaceChildren(h("p", {}, "The clone of which this site was made has no ", lost.map((id, i) => [i ? " and no " : "", short(id)]).flat(), ". Where the commits are:"), command(one, two), ...parts);
      return true;
    }
    const shown = await Promise.all(files.slice(0, MOST).map((file, at) => fileOf(file, at)));
    if (!alive()) return true;
    const sum = (kind) => shown.reduce((all, file) => all + file[kind], 0);
    place.replaceChildren(
      ...[commits(came, "Commits that only ", other), commits(went, "Commits that only ", base)].filter(Boolean),
      h("div", { class: "diff" },
        h("p", { class: "diff-head" }, files.length ? [h("span", { class: "added" }, "+" + sum("added")), " ", h("span", { class: "removed" }, "−" + sum("removed")), ` in ${counted(files.length, "file")}, from `, short(one), " to ", short(two)] : "No file differs."),
        shown.map((file) => file.element),
        files.length > MOST ? h("p", { class: "note" }, `${files.length - MOST} more files differ.`) : null),
      ...parts);
    return true;
  }

  function command(one, two) {
    return h("div", { class: "command" }, h("code", {}, `git diff ${one.slice(0, 12)} ${two.slice(0, 12)}`), h("button", { type: "button", class: "copy", "data-copy": "git diff " + one + " " + two }, h("code", {}, "Copy")));
  }

  /** What was not committed, file by file; once for runs that had the same. */
  async function patch(runs) {
    const [{ changes, patch: href }] = runs;
    const files = changes ? await gitrack.fetchOnce("patch:" + changes, changes).catch(() => null) : null;
    const note = h("p", { class: "note" }, runs.map(({ name }, i) => [i ? " and " : null, h("bdi", {}, name)]), " also had changes that were not committed: ",
      href ? h("a", { href: gitrack.root + href }, runs.length > 1 ? "their patch" : "its patch") : "they are not on this site", ".");
    if (!files || !files.length) return [note];
    return [note, h("div", { class: "diff" }, files.slice(0, MOST).map(([path, added, removed, lines], at) =>
      folded(path, null, added, removed, at < OPEN && lines.length < 400, () => [lines, coloured(path, lines)])))];
  }

  /** A patch has not the whole of a file: each of its lines is coloured by itself. */
  function coloured(path, lines) {
    const sides = [{}, {}];
    for (const [, text, old, fresh] of lines) {
      const [line] = highlight(path, text) || [];
      if (line && fresh !== null) sides[1][fresh - 1] = line;
      else if (line && old !== null) sides[0][old - 1] = line;
    }
    return sides;
  }

  function commits(told, words, run) {
    if (!told || !told[0].length) return null;
    const [list, cut] = told;
    return h("details", { class: "fold", open: list.length <= 8 },
      h("summary", {}, words, h("bdi", {}, run.name), ` has: ${list.length}${cut ? " and older ones" : ""}`),
      h("ol", { class: "commits" }, list.slice(0, 100).map(([id, , seconds, subject, author]) =>
        h("li", {}, short(id), " ", h("bdi", {}, subject), h("span", { class: "aside" }, author ? h("bdi", {}, author + ", ") : null, gitrack.time(new Date(seconds * 1000).toISOString()))))));
  }

  /** One file, folded where there are many; a text that is not here says why. */
  async function fileOf([path, was, is], at) {
    const [before, after] = await Promise.all([was ? gitrack.code.text(was) : { text: "" }, is ? gitrack.code.text(is) : { text: "" }]);
    const why = before.why || after.why;
    if (why) return { added: 0, removed: 0, element: h("details", {}, h("summary", {}, h("code", {}, h("bdi", {}, path)), h("span", { class: "aside" }, WHY[why] || "not shown"))) };
    const lines = difference(before.text, after.text);
    const added = lines.filter(([kind]) => kind === "added").length;
    const removed = lines.filter(([kind]) => kind === "removed").length;
    const word = !was ? h("span", { class: "word finished" }, "new") : !is ? h("span", { class: "word failed" }, "gone") : null;
    const element = folded(path, word, added, removed, at < OPEN && added + removed < 400, () => [hunks(lines), [highlight(path, before.text), highlight(path, after.text)]]);
    return { added, removed, element };
  }

  /** Rows are made when they are first looked at: there may be thousands. */
  function folded(path, word, added, removed, open, rows) {
    const element = h("details", { open }, h("summary", {}, h("code", {}, h("bdi", {}, path)), " ", word, " ", h("span", { class: "added" }, "+" + added), " ", h("span", { class: "removed" }, "−" + removed)));
    const fill = () => { if (element.open && !element.dataset.full) { element.dataset.full = "yes"; element.append(table(path, ...rows())); } };
    element.addEventListener("toggle", fill);
    fill();
    return element;
  }

  function table(path, lines, coloured) {
    const rows = lines.slice(0, MOST_LINES).map((line, i) => row(line, rewritten(lines, i), coloured));
    return h("div", { class: "scroll", role: "group", "aria-label": "Changes of " + path, tabindex: 0 },
      h("table", { class: "lines" }, h("tbody", {}, rows)),
      lines.length > MOST_LINES ? h("p", { class: "note" }, `${lines.length - MOST_LINES} more lines.`) : null);
  }

  const SIGN = { added: "+", removed: "−", same: "", hunk: "", note: "" };

  /** Where a line differs from the one that it became, or came from: as many went as came. */
  function rewritten(lines, i) {
    const kind = lines[i][0];
    if (kind !== "removed" && kind !== "added") return null;
    const run = (at, step, of) => { let count = 0; while (lines[at + count * step] && lines[at + count * step][0] === of) count += 1; return count; };
    const first = kind === "removed" ? i - run(i - 1, -1, "removed") : i - run(i - 1, -1, "added");
    const [gone, came] = kind === "removed" ? [run(first, 1, "removed"), run(first + run(first, 1, "removed"), 1, "added")] : [run(first - 1, -1, "removed"), run(first, 1, "added")];
    if (gone !== came) return null;
    const other = lines[kind === "removed" ? i + gone : i - gone];
    const marked = kind === "removed" ? within(lines[i][1], other[1]) : within(other[1], lines[i][1]);
    return marked && [marked[0], lines[i][1].length - marked[1]];
  }

  function row([kind, text, old, fresh], marked, coloured) {
    const known = kind === "hunk" ? null : fresh !== null ? coloured[1] && coloured[1][fresh - 1] : coloured[0] && coloured[0][old - 1];
    const code = h("code", {}, pieces(known || [[null, text]], marked));
    return h("tr", { class: "line-" + kind }, h("td", { class: "at" }, old === null ? "" : String(old)), h("td", { class: "at" }, fresh === null ? "" : String(fresh)),
      h("td", { class: "sign" }, SIGN[kind], kind === "added" || kind === "removed" ? h("span", { class: "unseen" }, kind) : null), h("td", {}, code));
  }

  sections.push({ id: "code", title: "Code", least: 2, draw });
})();
