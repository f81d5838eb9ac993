/* Any runs side by side. The address holds the choice: compare.html#runs=a,b,c&all */
(function () {
  "use strict";
  const { h } = gitrack;
  const place = document.getElementById("compare");
  const state = { runs: [], all: false };
  let drawn = 0;

  function readAddress() {
    const parts = new Map(window.location.hash.slice(1).split("&").map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
    }));
    let wanted = parts.get("runs") || "";
    try { wanted = decodeURIComponent(wanted); } catch (broken) { wanted = ""; }
    state.runs = [...new Set(wanted.split(",").map((id) => id.trim()).filter(Boolean))];
    state.all = parts.has("all");
  }

  function writeAddress() {
    window.location.hash = "runs=" + state.runs.join(",") + (state.all ? "&all" : "");
  }

  async function add() {
    const entry = await gitrack.pick({ experiments: false, label: "Add a run to compare" });
    if (!entry || state.runs.includes(entry.id)) return;
    state.runs.push(entry.id);
    writeAddress();
  }

  async function draw() {
    const turn = ++drawn;
    const answers = await Promise.allSettled(state.runs.map(gitrack.fetchRun));
    if (turn !== drawn) return;
    const runs = [];
    const missing = [];
    answers.forEach((answer, i) => {
      if (answer.status === "fulfilled" && answer.value) runs.push(answer.value);
      else missing.push(state.runs[i]);
    });
    if (runs.length > 1) document.title = runs.map((run) => run.name).slice(0, 3).join(" · ") + " · Compare";
    const held = place.contains(document.activeElement) ? document.activeElement.dataset.key || "add" : null;
    place.replaceChildren(
      header(runs),
      ...missing.map((id) => h("p", { class: "notice bad" }, "There is no run ", h("code", {}, h("bdi", {}, id)), " on this site.")),
      ...(runs.length < 2 ? [blank(runs.length)] : []),
      ...(runs.length ? [table(runs)] : []));
    document.getElementById("compare-said").textContent = runs.length === 1 ? "1 run shown" : runs.length + " runs compared";
    if (held) refocus(held);
    if (runs.length) {
      curves(runs);
      pictures(runs);
      packages(runs, turn);
    }
  }

  /** Keep the place of whoever works by keyboard: what had the focus was drawn anew, or is gone. */
  function refocus(key) {
    const stops = [...place.querySelectorAll("[data-key]")];
    const stop = stops.find((one) => one.dataset.key === key) || stops.find((one) => one.dataset.key === "add");
    if (stop) stop.focus();
  }

  function header(runs) {
    return h("ul", { class: "chosen", "aria-label": "Runs compared" },
      runs.map((run, i) => h("li", {}, swatch(i), h("a", { href: gitrack.root + run.page, title: run.experiment + " / " + run.name }, h("bdi", {}, run.name)),
        i === 0 && runs.length > 1 ? h("span", { class: "base", title: "the others are measured against it" }, "baseline")
          : runs.length > 1 ? h("button", { type: "button", class: "remove", "data-key": "base:" + run.id, title: "Make this the baseline", "aria-label": "Make " + run.name + " the baseline", onclick: () => { state.runs = [run.id, ...state.runs.filter((id) => id !== run.id)]; writeAddress(); } }, "⇤") : null,
        h("button", { type: "button", class: "remove", "data-key": "remove:" + run.id, "aria-label": "Remove " + run.name, onclick: () => { state.runs = state.runs.filter((id) => id !== run.id); writeAddress(); } }, "×"))),
      runs.length ? h("li", { class: "bare" }, h("button", { type: "button", class: "button", "data-key": "add", onclick: add }, "Add run")) : null);
  }

  function swatch(i) {
    const { colour, dash } = gitrack.style(i);
    return h("span", { class: "swatch", style: `color: var(${colour})` + (dash[1] ? "; border-top-style: dashed" : "") });
  }

  function blank(count) {
    return h("div", { class: "blank" },
      h("p", {}, count ? "Add a second run to see what differs." : "Choose runs here, or tick them in any table of runs. The address of this page keeps the choice, so it can be shared."),
      count ? null : h("button", { type: "button", class: "button main", "data-key": "add", onclick: add }, "Choose a run"));
  }

  /* ---- the table ---- */
  const same = (values) => values.every((value) => Object.is(value, values[0]) || String(value) === String(values[0]));

  /** Rows of one group: names in order, each with a value (or undefined) for every run. */
  function rowsOf(runs, pairsOf) {
    const names = [];
    const maps = runs.map((run) => new Map(pairsOf(run).map(([name, ...rest]) => [name, rest])));
    for (const map of maps) for (const name of map.keys()) if (!names.includes(name)) names.push(name);
    return names.map((name) => ({ name, cells: maps.map((map) => map.get(name)) }));
  }

  function table(runs) {
    const wide = runs.length + 1;
    const body = h("tbody", {});
    let hidden = 0;

    const group = (title, rows, fill) => {
      const kept = rows.filter((row) => state.all || runs.length < 2 || !same(row.cells.map((cell) => (cell === undefined ? undefined : cell[0]))));
      hidden += rows.length - kept.length;
      if (!kept.length) return;
      body.append(h("tr", { class: "group" }, h("th", { scope: "rowgroup" }, title), h("td", { colspan: wide - 1 })));
      for (const row of kept) body.append(fill(row));
    };
    const plain = (format) => (row) => {
      const first = row.cells[0];
      return h("tr", {}, h("th", { scope: "row" }, gitrack.name(row.name)), row.cells.map((cell, i) => {
        const alike = i > 0 && String(cell) === String(first);
        return h("td", { class: alike ? "alike" : "differs" }, cell === undefined ? "–" : h("bdi", {}, format(cell[0], row.name)));
      }));
    };

    group("Metrics", rowsOf(runs, (run) => run.metrics), metric);
    group("Params", rowsOf(runs, (run) => run.params), plain(gitrack.setting));
    group("Tags", rowsOf(runs, (run) => run.tags), plain(gitrack.setting));
    group("Code", rowsOf(runs, (run) => run.code), plain((value, name) => (name === "commit" ? String(value).slice(0, 10) : name === "dirty" ? (value ? "uncommitted changes" : "clean") : String(value))));
    const data = rowsOf(runs, (run) => run.data.flatMap(([name, fields]) => fields.map(([field, value]) => [name + " " + field, value])));
    group("Data", data, plain((value) => (typeof value === "number" ? value.toLocaleString("en") : String(value))));
    group("Seeds", rowsOf(runs, (run) => run.seeds), plain(String));
    group("Environment", rowsOf(runs, (run) => run.environment), plain((value, name) => (name === "memory" ? (value / 1e9).toFixed(1) + " GB" : String(value))));
    group("Run", rowsOf(runs, (run) => [["experiment", run.experiment], ["status", run.status], ["started", gitrack.absolute(run.started)], ["took", run.duration], ["author", run.author], ["command", run.command]].filter(([, value]) => value !== null)), plain(String));

    const head = h("tr", {}, h("th", { scope: "col" }, h("span", { class: "unseen" }, "Name")), runs.map((run, i) =>
      h("th", { scope: "col", title: run.name }, swatch(i), h("a", { href: gitrack.root + run.page }, gitrack.name(run.name)))));
    const only = h("input", { type: "checkbox", "data-key": "only" });
    only.checked = !state.all;
    only.addEventListener("change", () => { state.all = !only.checked; writeAddress(); });
    const note = hidden ? hidden + (hidden === 1 ? " line is" : " lines are") + " the same in all" : null;
    return h("section", { "aria-labelledby": "differences" }, h("h2", { id: "differences" }, runs.length > 1 ? "Differences" : "Values"),
      runs.length > 1 ? h("div", { class: "compare-tools" }, h("label", {}, only, "Only what differs"), h("span", { class: "note", style: "margin: 0" }, note)) : null,
      h("div", { class: "scroll", role: "group", "aria-labelledby": "differences", tabindex: 0 },
        h("table", { class: "compare-table" }, h("caption", { class: "unseen" }, "Runs side by side"), h("thead", {}, head), body)),
      h("div", { id: "packages-here" }));
  }

  /** A metric: the best in green by its goal, the others with their distance from the baseline. */
  function metric(row) {
    const goal = (row.cells.find((cell) => cell) || [])[1];
    const values = row.cells.map((cell) => (cell === undefined ? null : gitrack.toNumber(cell[0])));
    const known = values.filter((value) => value !== null && !Number.isNaN(value));
    const top = goal && known.length > 1 && !same(known) ? known.reduce((a, b) => ((goal === "maximize" ? b > a : b < a) ? b : a)) : null;
    const base = values[0];
    const decimals = gitrack.decimals(values);
    return h("tr", {}, h("th", { scope: "row" }, gitrack.name(row.name), goal ? h("span", { class: "goal", title: goal === "maximize" ? "higher is better" : "lower is better" }, goal === "maximize" ? " ↑" : " ↓") : null),
      values.map((value, i) => {
        if (value === null) return h("td", { class: "alike" }, "–");
        const cell = h("td", { class: top !== null && value === top ? "top" : "", title: String(row.cells[i][0]) }, gitrack.number(row.cells[i][0], decimals));
        const away = value - base;
        if (i > 0 && Number.isFinite(away) && away !== 0) {
          const better = goal ? (goal === "maximize") === (away > 0) : null;
          cell.append(h("span", { class: "delta" + (better === null ? "" : better ? " better" : " worse") }, (away > 0 ? "+" : "−") + gitrack.number(Number(Math.abs(away).toPrecision(3)))));
        }
        return cell;
      }));
  }

  /* ---- packages: shared lists, loaded only here ---- */
  async function packages(runs, turn) {
    if (runs.length < 2 || !runs.some((run) => run.packages)) return;
    const lists = await Promise.allSettled(runs.map((run) => (run.packages ? gitrack.fetchOnce("packages:" + run.packages, run.packages) : Promise.resolve([]))));
    const here = document.getElementById("packages-here");
    if (turn !== drawn || !here) return;
    const known = new Map(runs.map((run, i) => [run, lists[i].status === "fulfilled" && lists[i].value ? lists[i].value : []]));
    const rows = rowsOf(runs, (run) => known.get(run)).filter((row) => !same(row.cells.map((cell) => (cell ? cell[0] : undefined))));
    if (!rows.length) {
      here.append(h("p", { class: "note" }, "The same packages were installed for all of them."));
      return;
    }
    here.append(h("section", { "aria-labelledby": "packages" }, h("h2", { id: "packages" }, "Packages that differ"),
      h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "packages" }, h("table", { class: "compare-table" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Package"), runs.map((run, i) => h("th", { scope: "col" }, swatch(i), h("bdi", {}, run.name))))),
        h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, gitrack.name(row.name)), row.cells.map((cell) => h("td", {}, cell ? h("bdi", {}, cell[0]) : "–")))))))));
  }

  function curves(runs) {
    if (!runs.some((run) => run.history)) return;
    const inside = h("div", {});
    const sampled = runs.filter((run) => run.history && run.history.sampled_from);
    place.append(h("section", { "aria-labelledby": "curves" }, h("h2", { id: "curves" }, "Curves",
      sampled.length ? h("span", { class: "aside" }, "thinned, with every minimum and maximum kept") : null), inside));
    if (!gitrack.curves(inside, runs, { byRun: true })) inside.parentElement.remove();
  }

  function pictures(runs) {
    const rows = rowsOf(runs, (run) => run.pictures.map(([path, source, inline]) => [path, source, inline]));
    if (!rows.length) return;
    const lazy = rows.length * runs.length > 60 && "lazy";
    place.append(h("section", { "aria-labelledby": "pictures" }, h("h2", { id: "pictures" }, "Pictures"),
      rows.map((row) => [h("h3", { class: "side-name" }, h("bdi", {}, row.name)), h("div", { class: "side", tabindex: 0, role: "group", "aria-label": row.name }, row.cells.map((cell, i) =>
        h("figure", {}, cell ? h("img", { src: cell[1] ? cell[0] : gitrack.root + cell[0], alt: row.name + " of " + runs[i].name, loading: lazy }) : h("div", { class: "missing" }, "none"),
          h("figcaption", {}, swatch(i), h("bdi", {}, runs[i].name)))))]).flat()));
  }

  function start() {
    readAddress();
    gitrack.onTheme.length = 0;
    draw();
  }
  window.addEventListener("hashchange", start);
  start();
})();
