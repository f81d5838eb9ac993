/* A metric over the runs that the table shows, as dots. */
(function () {
  "use strict";
  const { h } = gitrack;
  const KINDS = [["finished", "--series-1"], ["failed", "--series-2"], ["killed", "--series-5"], ["running", "--series-6"]];
  const GROUPS = { params: "Params", metrics: "Metrics" };
  /** More dots than these hide each other, and take their time. */
  const MOST = 3000;
  /** Names to choose from: a list of a hundred thousand is none. Those that most runs have. */
  const MOST_NAMES = 1000;
  gitrack.drawPoints = () => {};

  function most(names, always) {
    if (names.length <= MOST_NAMES) return names;
    const kept = new Set([...names].sort((a, b) => (b.name === always) - (a.name === always) || b.count - a.count).slice(0, MOST_NAMES));
    return Object.assign(names.filter((about) => kept.has(about)), { cut: true });
  }

  const rest = (names) => (names.cut ? h("option", { disabled: true }, "others, which fewer runs have") : null);

  function points(grid, panel) {
    const { store } = grid;
    const numbers = store.names.map((name) => store.about.get(name)).filter((about) => about.number && about.count > 0);
    const metrics = most(numbers.filter((about) => about.group === "metrics"), store.metric);
    const across = (group) => most(numbers.filter((about) => about.group === group && !about.constant));
    if (!metrics.length || store.rows < 2) { panel.remove(); return; }
    const y = h("select", { "aria-label": "Metric" }, metrics.map((about) => h("option", { value: about.name, selected: about.name === store.metric }, about.label)), rest(metrics));
    const x = h("select", { "aria-label": "Over" }, h("option", { value: "" }, "time"), ["params", "metrics"].map((group) => {
      const some = across(group);
      return some.length ? h("optgroup", { label: GROUPS[group] }, some.map((about) => h("option", { value: about.name }, about.label)), rest(some)) : null;
    }));
    const readout = h("span", { class: "readout", role: "status" });
    const plot = h("div", { class: "plot", role: "img", "aria-label": "A metric over the runs; the table below holds the same numbers" });
    panel.append(h("div", { class: "chart-tools" }, h("label", {}, y, "over", x), readout), plot);
    let view = null;
    let under = null;

    async function draw() {
      const about = store.about.get(y.value);
      const by = x.value ? store.about.get(x.value) : null;
      await store.need(["started", "status", "name", about.name, ...(by ? [by.name] : [])]);
      const all = gather(about, by);
      const rows = thin(all);
      const span = rows.length ? rows[rows.length - 1].x - rows[0].x : 0;
      const day = new Date(rows.length ? rows[0].x : 0).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
      const old = view;
      view = null;
      if (!rows.length) { gitrack.nothingToDraw(plot); }
      else {
        view = await gitrack.embed(plot, "points", rows, {
          series: KINDS.map(([, colour]) => ({ colour, dash: [1, 0] })), xTitle: by ? by.label.replace(/[^\w .:/%+-]/g, "·") : span < 60480000 ? day : null, xTime: !by && gitrack.timeFormat(span), best: rows.some((row) => row.best !== undefined),
          datasets: { level: panel.dataset.level && about.name === store.metric ? [{ y: Number(panel.dataset.level) }] : [] },
        });
        view.addSignalListener("near", (_, value) => {
          under = value && Array.isArray(value.key) && value.key.length ? value.key[0] : null;
          say(under === null ? rest : [h("bdi", {}, store.peek("name")[under]), " · ", h("b", {}, gitrack.number(store.peek(about.name)[under], about.decimals))]);
        });
      }
      const rest = rows.length < all.length ? [`${rows.length.toLocaleString("en")} of ${all.length.toLocaleString("en")} runs are drawn; every record and every extreme is among them`] : [];
      const say = (parts) => readout.replaceChildren(...parts);
      say(rest);
      if (old) old.finalize();
    }

    /** A dot for each run in the table, from left to right; over time also the best until then. */
    function gather(about, by) {
      const values = store.peek(about.name);
      const status = store.peek("status");
      const places = by ? store.peek(by.name) : store.peek("started").map((iso) => Date.parse(iso));
      const rows = [];
      for (const row of grid.rows) {
        if (!Number.isFinite(values[row]) || !Number.isFinite(places[row])) continue;
        rows.push({ key: row, x: places[row], y: values[row], series: "s" + Math.max(0, KINDS.findIndex(([word]) => word === status[row])) });
      }
      rows.sort((a, b) => a.x - b.x || a.key - b.key);
      if (by || !about.goal) return rows;
      let record = null;
      for (const row of rows) {
        if (record === null || (about.goal === "maximize" ? row.y > record : row.y < record)) { record = row.y; row.record = true; }
        row.best = record;
      }
      return rows;
    }

    /** Of too many: what was a record, the lowest and highest of every stretch, and as many
        again from all over, so that the dots lie as densely as the runs do. */
    function thin(rows) {
      if (rows.length <= MOST) return rows;
      const kept = new Set([0, rows.length - 1]);
      rows.forEach((row, at) => { if (row.record) kept.add(at); });
      const stretches = MOST / 4;
      for (let at = 0; at < rows.length; at += (2 * rows.length) / MOST) kept.add(Math.floor(at));
      for (let part = 0; part < stretches; part++) {
        const [from, to] = [Math.floor((part * rows.length) / stretches), Math.floor(((part + 1) * rows.length) / stretches)];
        let [low, high] = [from, from];
        for (let at = from; at < to; at++) {
          if (rows[at].y < rows[low].y) low = at;
          if (rows[at].y > rows[high].y) high = at;
        }
        kept.add(low).add(high);
      }
      return [...kept].sort((a, b) => a - b).map((at) => rows[at]);
    }

    plot.addEventListener("click", () => { if (under !== null) window.location.href = gitrack.root + gitrack.picked.pageOf(store, under); });
    const again = () => gitrack.whenSeen(plot, draw);
    y.addEventListener("change", again);
    x.addEventListener("change", again);
    gitrack.drawPoints = again;
    gitrack.onTheme.push(again);
    again();
    let before = grid.rows;
    let later = 0;
    grid.onChange(() => {
      if (grid.rows === before) return;
      before = grid.rows;
      clearTimeout(later);
      later = setTimeout(again, 250);
    });
  }

  gitrack.points = points;
})();
