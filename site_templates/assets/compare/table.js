/* What differs, value by value. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { state, change, sections } = gitrack.compare;
  const MOST_COLUMNS = 40;
  /** Lines of a group at first; a page with a hundred thousand of them stands still. */
  const MOST_LINES = 500;

  const same = (values) => values.every((value) => Object.is(value, values[0]) || String(value) === String(values[0]));

  /** Rows of one group: names in order, each with a value (or undefined) for every run. */
  function rowsOf(runs, pairsOf) {
    const names = new Set();
    const maps = runs.map((run) => new Map(pairsOf(run).map(([name, ...rest]) => [name, rest])));
    for (const map of maps) for (const name of map.keys()) names.add(name);
    return [...names].map((name) => ({ name, cells: maps.map((map) => map.get(name)) }));
  }

  const codeValue = (value, name) => (name === "commit" ? String(value).slice(0, 10) : name === "dirty" ? (value ? "uncommitted changes" : "clean") : String(value));
  const about = (run) => [["experiment", run.experiment], ["status", run.status], ["started", gitrack.absolute(run.started)], ["took", run.duration], ["author", run.author], ["command", run.command]].filter(([, value]) => value !== null);

  function draw(inside, context, title) {
    const { runs } = context;
    const shown = runs.slice(0, MOST_COLUMNS);
    const body = h("tbody", {});
    let hidden = 0;
    const group = (name, rows, fill) => {
      /* Alike among all runs, also among those that have no column here. */
      const kept = rows.filter((row) => state.all || runs.length < 2 || !same(row.cells.map((cell) => (cell === undefined ? undefined : cell[0]))));
      hidden += rows.length - kept.length;
      if (!kept.length) return;
      body.append(h("tr", { class: "group" }, h("th", { scope: "rowgroup" }, name), h("td", { colspan: shown.length })));
      const line = (row) => fill({ ...row, cells: row.cells.slice(0, MOST_COLUMNS), all: row.cells });
      body.append(...kept.slice(0, MOST_LINES).map(line));
      if (kept.length > MOST_LINES) body.append(further(kept, MOST_LINES, line, shown.length));
    };
    group("Metrics", rowsOf(runs, (run) => run.metrics), (row) => metric(row, context));
    group("Params", rowsOf(runs, (run) => run.params), plain(gitrack.setting));
    group("Tags", rowsOf(runs, (run) => run.tags), plain(gitrack.setting));
    group("Code", rowsOf(runs, (run) => run.code), plain(codeValue));
    group("Seeds", rowsOf(runs, (run) => run.seeds), plain(String));
    group("Environment", rowsOf(runs, (run) => run.environment), plain((value, name) => (name === "memory" ? (value / 1e9).toFixed(1) + " GB" : String(value))));
    group("Run", rowsOf(runs, about), plain(String));

    title.textContent = runs.length > 1 ? "Differences" : "Values";
    const head = h("tr", {}, h("th", { scope: "col" }, h("span", { class: "unseen" }, "Name")), shown.map((run, i) =>
      h("th", { scope: "col", title: run.name }, context.swatch(i), h("a", { href: gitrack.root + run.page }, gitrack.name(run.name)))));
    const only = h("input", { type: "checkbox", "data-key": "only" });
    only.checked = !state.all;
    only.addEventListener("change", () => {
      change({ all: !only.checked });
      for (const part of ["differences", "data", "environment"]) if (context.redraw[part]) context.redraw[part]();
    });
    const note = [hidden ? hidden + (hidden === 1 ? " line is" : " lines are") + " the same in all" : null,
      runs.length > MOST_COLUMNS ? `the first ${MOST_COLUMNS} of ${runs.length} runs have a column; the charts show all` : null].filter(Boolean).join("; ");
    inside.replaceChildren(
      runs.length > 1 ? h("div", { class: "compare-tools" }, h("label", {}, only, "Only what differs"), h("span", { class: "note" }, note)) : "",
      h("div", { class: "scroll", role: "group", "aria-labelledby": "differences", tabindex: 0 },
        h("table", { class: "compare-table" }, h("caption", { class: "unseen" }, "Runs side by side"), h("thead", {}, head), body)));
    if (!body.childElementCount) body.append(h("tr", {}, h("td", { colspan: shown.length + 1, class: "alike" }, runs.length > 1 ? "Nothing that is recorded of these runs differs." : "Nothing is recorded of this run.")));
  }

  /** A line that says how many are not there yet, and brings as many again as there are. */
  function further(kept, from, line, width) {
    const to = Math.min(kept.length, 2 * from);
    const left = kept.length - from;
    const more = h("button", { type: "button", class: "more" }, `Show ${(to - from).toLocaleString("en")} more`);
    const row = h("tr", { class: "further" }, h("th", { scope: "row" }, more), h("td", { colspan: width, class: "alike" }, `${left.toLocaleString("en")} of ${kept.length.toLocaleString("en")} lines are not shown here`));
    more.addEventListener("click", () => {
      const lines = kept.slice(from, to).map(line);
      row.replaceWith(...lines, ...(to < kept.length ? [further(kept, to, line, width)] : []));
      lines[0].tabIndex = -1;
      lines[0].focus();
    });
    return row;
  }

  const plain = (format) => (row) => h("tr", {}, h("th", { scope: "row" }, gitrack.name(row.name)), row.cells.map((cell, i) => {
    const alike = i > 0 && String(cell) === String(row.cells[0]);
    return h("td", { class: alike ? "alike" : "differs" }, cell === undefined ? "–" : text(format(cell[0], row.name)));
  }));

  /** Of a long text the first lines, all of it under the pointer and on paper. */
  const text = (value) => h("bdi", { class: value.length > 60 && "long" }, value);

  /** A metric: the best in green by its goal, the others with their distance from the baseline. */
  function metric(row) {
    const goal = (row.all.find((cell) => cell) || [])[1];
    const values = row.cells.map((cell) => (cell === undefined ? null : gitrack.toNumber(cell[0])));
    const known = row.all.map((cell) => (cell === undefined ? null : gitrack.toNumber(cell[0]))).filter((value) => value !== null && !Number.isNaN(value));
    const top = goal && known.length > 1 && !same(known) ? known.reduce((a, b) => ((goal === "maximize" ? b > a : b < a) ? b : a)) : null;
    const base = values[0];
    const decimals = gitrack.decimals(values);
    return h("tr", {}, h("th", { scope: "row" }, gitrack.name(row.name), arrow(goal)),
      values.map((value, i) => {
        if (value === null) return h("td", { class: "alike" }, "–");
        const cell = h("td", { class: "num" + (top !== null && value === top ? " top" : ""), title: String(row.cells[i][0]) }, gitrack.number(row.cells[i][0], decimals));
        if (i > 0 && base !== null) cell.append(delta(away(base, value), goal));
        return cell;
      }));
  }

  const arrow = (goal) => (goal ? h("span", { class: "goal", title: goal === "maximize" ? "higher is better" : "lower is better" }, goal === "maximize" ? " ↑" : " ↓") : null);

  /** How far `to` lies above `from`: nothing where computing itself is off by as much. */
  const away = (from, to) => (Math.abs(to - from) <= 1e-12 * Math.max(Math.abs(from), Math.abs(to)) ? 0 : to - from);

  /** `+0.012`, in the colour of better or worse; nothing where there is no distance. */
  function delta(by, goal) {
    if (!Number.isFinite(by) || by === 0) return "";
    const better = goal ? (goal === "maximize") === (by > 0) : null;
    return h("span", { class: "delta" + (better === null ? "" : better ? " better" : " worse") }, signed(Number(by.toPrecision(2))));
  }

  const signed = (by) => (by > 0 ? "+" : by < 0 ? "−" : "") + gitrack.number(Number(Math.abs(by).toPrecision(3)));

  Object.assign(gitrack.compare, { rowsOf, same, away, delta, signed, arrow });
  sections.push({ id: "differences", title: "Differences", draw });
})();
