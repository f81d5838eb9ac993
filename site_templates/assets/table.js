/* The table of runs: DataTables sorts and pages; the columns, the filter and the choice are ours. */
(function () {
  "use strict";
  const { h } = gitrack;
  const data = gitrack.got("table");
  const place = document.getElementById("runs");
  if (!data || !data.runs.length || !window.gitrackTables) return;

  const DataTable = window.gitrackTables.default;
  const runs = data.runs.map(([id, name, page, status, started, seconds], i) => ({ i, id, name, page, status, started, seconds }));
  const GROUPS = { run: "", metrics: "Metrics", params: "Params", tags: "Tags" };

  /* Numbers by size, the rest by words; what is missing or NaN comes last in both directions. */
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true, sensitivity: "base" });
  };
  const missing = (value) => value === null || value === undefined || value === "" || Number.isNaN(value);
  const ordered = (sign) => (a, b) => {
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    return sign * compare(a, b);
  };
  DataTable.ext.type.order["gitrack-asc"] = ordered(1);
  DataTable.ext.type.order["gitrack-desc"] = ordered(-1);

  const columns = data.columns.map((column) => {
    const values = column.number ? column.values.map(gitrack.toNumber) : column.values;
    return { ...column, values, best: best(column, values) };
  });

  function best(column, values) {
    if (!column.goal || column.constant) return null;
    const known = values.filter((value) => value !== null && !Number.isNaN(value));
    if (known.length < 2) return null;
    return known.reduce((a, b) => ((column.goal === "maximize" ? b > a : b < a) ? b : a));
  }

  /* The first four columns are the run itself. */
  const picked = new Map();
  const narrow = window.matchMedia("(max-width: 640px)").matches;
  const fixed = [
    { name: "", class: "pick", orderable: false, value: () => null, fill: (td, run) => td.append(checkbox(run)) },
    { name: "Run", class: "run", value: (run) => run.name, fill: (td, run) => { td.title = run.name; td.append(gitrack.runLink(run.name, run.page, run.status)); if (run.status !== "finished") td.append(" ", h("span", { class: "word " + run.status }, run.status)); } },
    { name: "Started", class: "when", shown: !narrow, value: (run) => run.started, fill: (td, run) => td.append(gitrack.time(run.started)) },
    { name: "Took", class: "num", shown: !narrow, value: (run) => run.seconds, fill: (td, run) => td.append(gitrack.duration(run.seconds)) },
  ];
  const chosen = columns.map((column) => ({
    name: column.name, group: column.group, class: column.number ? "num" : "text", shown: column.shown && !(narrow && column.group === "run"), constant: column.constant, goal: column.goal,
    value: (run) => column.values[run.i],
    fill: (td, run) => {
      const value = column.values[run.i];
      if (value === null || value === undefined) {
        td.classList.add("absent");
        td.append("–");
      } else if (column.group === "metrics") {
        td.append(gitrack.number(value, column.decimals));
        td.title = String(value);
        if (column.best !== null && value === column.best) td.classList.add("top");
      } else {
        const text = gitrack.setting(value);
        if (!column.number) td.title = text;
        td.append(h("bdi", {}, text));
      }
    },
  }));
  const all = [...fixed, ...chosen];

  function checkbox(run) {
    const box = h("input", { type: "checkbox", "aria-label": "Select run " + run.name });
    box.checked = picked.has(run.id);
    box.addEventListener("click", (event) => choose(run, box.checked, event.shiftKey));
    return box;
  }

  /* ---- the element ---- */
  const groupRow = h("tr", { class: "groups" });
  const spans = [["", fixed.length + chosen.filter((c) => c.group === "run").length, ""]];
  for (const group of ["metrics", "params", "tags"]) {
    const count = chosen.filter((column) => column.group === group).length;
    if (count) spans.push([GROUPS[group], count, group]);
  }
  for (const [word, count, group] of spans) groupRow.append(h("th", { colspan: count, class: group }, word || h("span", { class: "unseen" }, "Run")));
  let before = "run";
  const titles = h("tr", {}, all.map((column) => {
    const first = column.group && column.group !== before && column.group !== "run";
    if (column.group) before = column.group;
    return h("th", { scope: "col", class: column.class + (first ? " first" : "") },
      h("bdi", {}, column.name), column.goal ? h("span", { class: "goal", title: column.goal === "maximize" ? "higher is better" : "lower is better" }, column.goal === "maximize" ? " ↑" : " ↓") : null,
      column.name ? null : h("span", { class: "unseen" }, "Select"));
  }));
  const table = h("table", { class: "list dense" }, h("caption", { class: "unseen" }, "Runs"), h("thead", {}, groupRow, titles), h("tbody", {}));
  place.replaceChildren(table);

  let passing = null;
  const grid = new DataTable(table, {
    data: runs,
    columns: all.map((column) => ({
      data: null,
      type: "gitrack",
      className: column.class,
      orderable: column.orderable !== false,
      searchable: false,
      visible: column.shown !== false,
      orderSequence: column.group === "metrics" && column.goal !== "minimize" ? ["desc", "asc", ""] : ["asc", "desc", ""],
      render: (_, kind, run) => (kind === "sort" || kind === "type" ? column.value(run) : ""),
      createdCell: (td, _, run) => column.fill(td, run),
    })),
    createdRow: (tr, run) => tr.classList.toggle("picked", picked.has(run.id)),
    order: [[2, "desc"]],
    orderMulti: true,
    titleRow: 1,
    autoWidth: false,
    deferRender: true,
    pageLength: 100,
    paging: runs.length > 100,
    info: false,
    layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: runs.length > 100 ? "paging" : null },
    language: { emptyTable: "No runs", zeroRecords: "No run fits this filter", paginate: { previous: "Previous", next: "Next", first: "First", last: "Last" } },
  });
  grid.search.fixed("gitrack", (_, run) => !passing || passing(run));

  /* ---- the filter: words, and conditions such as  test_auc > 0.88  or  status:failed ---- */
  const byName = new Map();
  for (const column of chosen) {
    for (const name of [column.name, column.group + "." + column.name]) {
      if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), column);
    }
  }
  const attribute = new Map([["status", (run) => run.status], ["name", (run) => run.name], ["id", (run) => run.id], ["started", (run) => run.started], ["took", (run) => run.seconds]]);
  const TESTS = {
    ">": (a, b) => a > b, ">=": (a, b) => a >= b, "<": (a, b) => a < b, "<=": (a, b) => a <= b,
    "=": (a, b) => a === b, "!=": (a, b) => a !== b, ":": (a, b) => String(a).toLowerCase().includes(String(b).toLowerCase()),
  };

  function condition(name, operator, text) {
    const column = byName.get(name.toLowerCase());
    const value = attribute.get(name.toLowerCase()) || (column && column.value);
    if (!value) return null;
    const wanted = text.replace(/^(["'])(.*)\1$/, "$2");
    const asNumber = wanted === "" ? NaN : Number(wanted);
    return (run) => {
      const found = value(run);
      if (found === null || found === undefined) return false;
      if (operator === ":") return TESTS[":"](found, wanted);
      if (typeof found === "number" && !Number.isNaN(asNumber)) return TESTS[operator](found, asNumber);
      return TESTS[operator](String(found).toLowerCase(), wanted.toLowerCase());
    };
  }

  function understand(text) {
    const tests = [];
    const rest = text.replace(/([^\s<>=!:]+)\s*(<=|>=|!=|==|=|<|>|:)\s*("[^"]*"|'[^']*'|[^\s]+)/g, (whole, name, operator, value) => {
      const test = condition(name, operator === "==" ? "=" : operator, value);
      if (!test) return whole;
      tests.push(test);
      return " ";
    });
    for (const word of rest.toLowerCase().split(/\s+/)) {
      if (word && word !== "and") tests.push((run) => haystack(run).includes(word));
    }
    return tests.length ? (run) => tests.every((test) => test(run)) : null;
  }

  const hay = new Array(runs.length);
  function haystack(run) {
    if (hay[run.i] === undefined) {
      const words = chosen.filter((column) => column.class === "text").map((column) => column.value(run)).filter((value) => value !== null);
      hay[run.i] = [run.name, run.id, run.status, ...words].join("\n").toLowerCase();
    }
    return hay[run.i];
  }

  /* ---- tools above ---- */
  const input = h("input", { type: "search", "aria-label": "Filter runs", placeholder: example(), autocomplete: "off", spellcheck: "false" });
  const count = h("span", { class: "count", role: "status" });
  const tools = document.getElementById("table-tools");
  tools.replaceChildren(h("div", { class: "filter" }, input), count, chooser());

  function example() {
    const column = chosen.find((one) => one.group === "metrics");
    if (!column) return "Filter by words, or status:failed";
    const values = columns.find((one) => one.name === column.name && one.group === "metrics").values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
    const middle = values.length ? values[values.length >> 1] : 0;
    return "Filter: words, or " + column.name + (column.goal === "minimize" ? " < " : " > ") + gitrack.number(Number(middle.toPrecision(2)));
  }

  function tell() {
    const shown = passing ? runs.filter(passing).length : runs.length;
    count.textContent = shown === runs.length ? runs.length + (runs.length === 1 ? " run" : " runs") : shown + " of " + runs.length + " runs";
  }

  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      passing = understand(input.value);
      grid.draw();
      tell();
      gitrack.drawPoints();
    }, runs.length > 2000 ? 140 : 0);
  });
  tell();

  /* ---- columns ---- */
  function chooser() {
    const search = h("input", { type: "search", placeholder: "Find a column", "aria-label": "Find a column" });
    const sets = ["run", "metrics", "params", "tags"].map((group) => {
      const inside = all.map((column, at) => ({ column, at })).filter(({ column }) => column.group === group);
      if (!inside.length) return null;
      return h("fieldset", {}, h("legend", {}, GROUPS[group] || "Run"), inside.map(({ column, at }) => {
        const box = h("input", { type: "checkbox" });
        box.checked = column.shown;
        box.addEventListener("change", () => { grid.column(at).visible(box.checked); edges(); });
        return h("label", { "data-name": column.name.toLowerCase() }, box, h("span", { title: column.name }, h("bdi", {}, column.name)), column.constant ? h("span", { class: "aside" }, "constant") : null);
      }));
    }).filter(Boolean);
    const menu = h("details", { class: "menu" }, h("summary", { class: "button" }, "Columns"), h("div", {}, search, sets));
    search.addEventListener("input", () => {
      for (const label of menu.querySelectorAll("label")) label.hidden = !label.dataset.name.includes(search.value.toLowerCase());
    });
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); }
    });
    return menu;
  }

  /** A line before the first visible column of each group. */
  function edges() {
    let last = "run";
    all.forEach((column, at) => {
      const visible = grid.column(at).visible();
      const first = visible && column.group && column.group !== last && column.group !== "run";
      if (visible && column.group) last = column.group;
      const header = grid.column(at).header(1);
      if (header) header.classList.toggle("first-of-group", Boolean(first));
      column.first = first;
    });
    grid.rows({ page: "current" }).nodes().each((row) => markEdges(row));
  }
  function markEdges(row) {
    all.forEach((column, at) => {
      const cell = grid.cell(row, at).node();
      if (cell) cell.classList.toggle("first-of-group", Boolean(column.first));
    });
  }
  grid.on("draw", () => grid.rows({ page: "current" }).nodes().each((row) => markEdges(row)));
  edges();

  /* ---- choosing runs ---- */
  const said = h("span", { role: "status" });
  const go = h("a", { class: "button", href: "#" }, "Compare");
  const clear = h("button", { type: "button", class: "plain" }, "Clear");
  const bar = h("div", { class: "picked-bar", role: "region", "aria-label": "Selected runs", hidden: true }, said, go, clear);
  document.body.append(bar);
  let lastPicked = null;

  function choose(run, on, range) {
    const order = grid.rows({ search: "applied" }).data().toArray();
    const here = order.indexOf(run);
    const there = range && lastPicked ? order.indexOf(lastPicked) : here;
    const [from, to] = [Math.min(here, there < 0 ? here : there), Math.max(here, there)];
    for (const one of order.slice(from, to + 1)) {
      if (on) picked.set(one.id, one);
      else picked.delete(one.id);
    }
    lastPicked = run;
    show();
  }

  function show() {
    grid.rows().every(function () {
      const row = this.node();
      if (!row) return;
      const on = picked.has(this.data().id);
      row.classList.toggle("picked", on);
      const box = row.querySelector("input[type=checkbox]");
      if (box) box.checked = on;
    });
    bar.hidden = picked.size === 0;
    said.textContent = picked.size + (picked.size === 1 ? " run selected" : " runs selected");
    go.textContent = picked.size === 1 ? "Compare with…" : "Compare";
    go.href = gitrack.root + "compare.html#runs=" + [...picked.keys()].join(",");
  }
  clear.addEventListener("click", () => { picked.clear(); show(); });

  /* ---- a metric over the runs ---- */
  gitrack.drawPoints = () => {};
  const panel = document.getElementById("scatter");
  if (panel) points(panel);

  function points(panel) {
    const metrics = columns.filter((column) => column.group === "metrics" && column.values.some((value) => Number.isFinite(value)));
    const across = columns.filter((column) => column.number && !column.constant && column.group !== "run");
    if (!metrics.length) { panel.remove(); return; }
    const y = h("select", { "aria-label": "Metric" }, metrics.map((column, i) => h("option", { value: i }, column.name)));
    const x = h("select", { "aria-label": "Over" }, h("option", { value: "" }, "time"),
      ["params", "metrics"].map((group) => {
        const some = across.filter((column) => column.group === group);
        return some.length ? h("optgroup", { label: GROUPS[group] }, some.map((column) => h("option", { value: across.indexOf(column) }, column.name))) : null;
      }));
    const readout = h("span", { class: "readout", role: "status" });
    const plot = h("div", { class: "plot", role: "img", "aria-label": "A metric over the runs; the table below holds the same numbers" });
    panel.append(h("div", { class: "chart-tools" }, h("label", {}, y, "over", x), readout), plot);
    const kinds = [["finished", "--series-1"], ["failed", "--series-2"], ["killed", "--series-5"], ["running", "--series-6"]];
    let view = null;
    let under = null;

    const draw = async () => {
      const metric = metrics[Number(y.value)];
      const by = x.value === "" ? null : across[Number(x.value)];
      const rows = [];
      for (const run of runs) {
        const value = metric.values[run.i];
        const at = by ? by.values[run.i] : Date.parse(run.started);
        if (Number.isFinite(value) && Number.isFinite(at) && (!passing || passing(run))) {
          rows.push({ key: run.i, x: at, y: value, series: "s" + Math.max(0, kinds.findIndex(([word]) => word === run.status)) });
        }
      }
      rows.sort((a, b) => a.x - b.x || b.key - a.key);
      const span = rows.length ? rows[rows.length - 1].x - rows[0].x : 0;
      const day = new Date(rows.length ? rows[0].x : 0).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
      let record = null;
      for (const row of rows) {
        if (!by && metric.goal) {
          record = record === null || (metric.goal === "maximize" ? row.y > record : row.y < record) ? row.y : record;
          row.best = record;
        }
      }
      const old = view;
      if (!rows.length) { if (old) old.finalize(); view = null; gitrack.nothingToDraw(plot); return; }
      view = await gitrack.embed(plot, "points", rows, {
        series: kinds.map(([, colour]) => ({ colour, dash: [1, 0] })), xTitle: by ? by.name.replace(/[^\w .:/%+-]/g, "·") : span < 60480000 ? day : null, xTime: !by && gitrack.timeFormat(span), best: record !== null,
      });
      if (old) old.finalize();
      view.addSignalListener("near", (_, value) => {
        under = value && Array.isArray(value.key) && value.key.length ? runs[value.key[0]] : null;
        readout.replaceChildren(...(under ? [h("bdi", {}, under.name), " · ", h("b", {}, gitrack.number(metric.values[under.i], metric.decimals))] : []));
      });
    };
    plot.addEventListener("click", () => { if (under) window.location.href = gitrack.root + under.page; });
    const again = () => gitrack.whenSeen(plot, draw);
    y.addEventListener("change", again);
    x.addEventListener("change", again);
    gitrack.drawPoints = again;
    gitrack.onTheme.push(again);
    again();
  }
})();
