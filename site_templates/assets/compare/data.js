/* What the runs learned from and were judged on, and in what they ran. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { state, sections, rowsOf, same } = gitrack.compare;

  /* What tells two data sets apart, before what merely describes them. */
  const IDENTITY = ["dvc", "sha256", "digest", "version", "uri", "path"];
  const WORDS = { dvc: "contents", path: "file" };

  const MOST_COLUMNS = 40;
  const cut = (runs) => (runs.length > MOST_COLUMNS ? h("p", { class: "note" }, `The first ${MOST_COLUMNS} of ${runs.length} runs have a column.`) : "");

  const fieldsOf = (run, name) => {
    const found = run.data.find(([own]) => own === name);
    return found ? new Map(found[1]) : null;
  };

  /** `same`, `changed`, `missing`, or `unknown` where nothing recorded could tell. */
  function compared(one, other) {
    if (!one || !other) return "missing";
    const exact = ["dvc", "sha256", "digest"].find((name) => one.has(name) && other.has(name));
    if (exact) return one.get(exact) === other.get(exact) ? "same" : "changed";
    const told = [...one.keys()].filter((name) => other.has(name));
    if (told.some((name) => String(one.get(name)) !== String(other.get(name)))) return "changed";
    return one.has("version") && other.has("version") ? "same" : "unknown";
  }

  const LABELS = { same: "same contents", changed: "changed", missing: "not used", unknown: "nothing recorded tells" };

  function drawData(inside, context) {
    const { swatch } = context;
    const runs = context.runs.slice(0, MOST_COLUMNS);
    const names = [...new Set(runs.flatMap((run) => run.data.map(([name]) => name)))];
    if (!names.length) return false;
    const parts = names.map((name) => {
      const sets = runs.map((run) => fieldsOf(run, name));
      const verdicts = sets.map((set, i) => (i ? compared(sets[0], set) : set ? "base" : "missing"));
      const [, , page] = runs.flatMap((run) => run.data).find(([own, , there]) => own === name && there) || [];
      return { name, page, sets, verdicts, differs: verdicts.some((word, i) => (i ? word !== "same" : false) || word === "missing") };
    });
    const shown = parts.filter((part) => state.all || part.differs || runs.length < 2);
    const changed = shown.filter((part) => part.page && part.verdicts.includes("changed"));
    const left = parts.length - shown.length;
    inside.replaceChildren(
      ...(shown.length ? [h("div", { class: "scroll", role: "group", "aria-labelledby": "data", tabindex: 0 }, h("table", { class: "compare-table" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Data set"), runs.map((run, i) => h("th", { scope: "col" }, swatch(i), h("bdi", {}, run.name))))),
        h("tbody", {}, shown.flatMap((part) => rows(part, runs)))))] : []),
      changed.length ? h("p", { class: "note" }, "How their columns differ, and how far these drifted: ", changed.flatMap((part, i) => [i ? ", " : "", h("a", { href: gitrack.root + part.page + "#drift" }, gitrack.name(part.name))]), ".") : "", cut(context.runs),
      left ? h("p", { class: "note" }, (left === 1 ? "One data set is" : left + " data sets are") + " the same in all, by their contents: ", parts.filter((part) => !shown.includes(part)).flatMap((part, i) => [i ? ", " : "", h("bdi", {}, part.name)]), ".") : "");
    return true;
  }

  function rows(part, runs) {
    const fields = rowsOf(runs, (run) => (fieldsOf(run, part.name) ? [...fieldsOf(run, part.name)] : []))
      .filter((row) => state.all || runs.length < 2 || !same(row.cells.map((cell) => (cell ? cell[0] : undefined))))
      .sort((a, b) => order(a.name) - order(b.name));
    return [
      h("tr", { class: "group" }, h("th", { scope: "rowgroup" }, part.page ? h("a", { href: gitrack.root + part.page }, gitrack.name(part.name)) : gitrack.name(part.name)), part.verdicts.map((word, i) =>
        h("td", {}, i && runs.length > 1 ? h("span", { class: "word" + (word === "changed" ? " warn" : "") }, LABELS[word]) : word === "missing" ? LABELS.missing : ""))),
      ...fields.map((row) => h("tr", {}, h("th", { scope: "row" }, WORDS[row.name] || row.name), row.cells.map((cell, i) => value(cell, row, i)))),
    ];
  }

  const order = (name) => (IDENTITY.includes(name) ? IDENTITY.indexOf(name) : IDENTITY.length);

  function value(cell, row, i) {
    if (!cell) return h("td", { class: "alike" }, "–");
    const base = row.cells[0] && row.cells[0][0];
    const alike = i > 0 && String(cell[0]) === String(base);
    const number = typeof cell[0] === "number";
    const text = number ? cell[0].toLocaleString("en") : String(cell[0]).replace(/^(md5:[0-9a-f]{10})[0-9a-f]{22}/, "$1…");
    const away = number && typeof base === "number" && i > 0 && !alike ? h("span", { class: "delta" }, awayBy(cell[0] - base) + (base ? ` (${gitrack.compare.signed(((cell[0] - base) / base) * 100)} %)` : "")) : "";
    return h("td", { class: (alike ? "alike" : "differs") + (number ? " num" : ""), title: String(cell[0]) }, h("bdi", {}, text), away);
  }

  /** Rows and bytes are counted: their difference is as exact as they are. */
  const awayBy = (by) => (Number.isInteger(by) ? by.toLocaleString("en", { signDisplay: "always" }).replace("-", "\u2212") : gitrack.compare.signed(by));

  /** The packages of each run as maps, once they are there. */
  async function packagesOf(runs) {
    const lists = await Promise.allSettled(runs.map((run) => (run.packages ? gitrack.fetchOnce("packages:" + run.packages, run.packages) : Promise.resolve(null))));
    return lists.map((list) => (list.status === "fulfilled" && list.value ? new Map(list.value) : null));
  }

  async function drawEnvironment(inside, context) {
    const { swatch, alive } = context;
    const runs = context.runs.slice(0, MOST_COLUMNS);
    if (!runs.some((run) => run.packages)) return false;
    const known = await packagesOf(runs);
    if (!alive()) return true;
    const none = runs.filter((_, i) => !known[i]);
    const all = rowsOf(runs, (run) => [...(known[runs.indexOf(run)] || [])]);
    const rowsShown = state.all ? all : all.filter((row) => !same(row.cells.filter((_, i) => known[i]).map((cell) => (cell ? cell[0] : undefined))));
    const notes = [
      rowsShown.length || none.length === runs.length ? null : "The same packages were installed for all of them.",
      none.length && none.length < runs.length ? `No list of packages was recorded of ${none.map((run) => run.name).join(", ")}.` : null,
    ].filter(Boolean);
    inside.replaceChildren(
      ...(rowsShown.length ? [h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "environment" }, h("table", { class: "compare-table" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Package"), runs.map((run, i) => h("th", { scope: "col" }, swatch(i), h("bdi", {}, run.name))))),
        h("tbody", {}, rowsShown.map((row) => h("tr", {}, h("th", { scope: "row" }, gitrack.name(row.name)), row.cells.map((cell, i) =>
          h("td", { class: i && String(cell) === String(row.cells[0]) ? "alike" : "differs" }, cell ? h("bdi", {}, cell[0]) : known[i] ? "not installed" : "–")))))))] : []),
      cut(context.runs), ...notes.map((note) => h("p", { class: "note" }, h("bdi", {}, note))));
    return true;
  }

  Object.assign(gitrack.compare, { compared, fieldsOf, packagesOf });
  gitrack.compare.drawData = drawData;
  sections.push({ id: "data", title: "Data", least: 2, draw: drawData });
  sections.push({ id: "environment", title: "Packages that differ", least: 2, draw: drawEnvironment });
})();
