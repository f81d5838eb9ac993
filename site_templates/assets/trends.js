/* Trends: another metric, over commits instead of time. What was drawn at build stays until
   somebody asks for something else; only then are the numbers of an experiment loaded. */
(function () {
  "use strict";
  const { h } = gitrack;
  const arrived = new Map();
  gitrack.trend = (key, data) => arrived.set(key, data);
  const PRODUCTION = "data/production.js";
  const KINDS = [["finished", "--series-1"], ["failed", "--series-2"], ["killed", "--series-5"], ["running", "--series-6"]];
  /** Of more dots than these, each stretch keeps its lowest and highest. */
  const MOST = 1200;

  /** An experiment's data as rows: one a run, from the oldest to the newest. */
  function experiment(data) {
    return {
      metrics: data.metrics,
      commits: data.commits,
      rows(metric, over) {
        const values = data.metrics[metric][2];
        const rows = [];
        values.forEach((raw, run) => {
          const y = gitrack.toNumber(raw);
          const x = over === "commits" ? data.places[run] : data.times[run] * 1000;
          if (raw === null || !Number.isFinite(y) || x === null) return;
          rows.push({ key: run, x: over === "commits" ? x + 1 : x, y, series: "s" + Math.max(0, KINDS.findIndex(([kind]) => kind === data.runs[run][2])) });
        });
        return best(rows.sort((a, b) => a.x - b.x || a.key - b.key), data.metrics[metric][1]);
      },
      series: KINDS.map(([, colour]) => ({ colour, dash: [1, 0] })),
      says(row) {
        const [, name] = data.runs[row.key];
        const place = data.places[row.key];
        return [h("bdi", {}, name), place === null ? "" : " · " + data.commits[place], " · ", h("b", {}, gitrack.number(row.y))];
      },
      page: (row) => "runs/" + data.runs[row.key][0] + ".html",
    };
  }

  /** What a model had in production: a line that holds from one change to the next. */
  function production([, stays, metrics]) {
    return {
      metrics,
      commits: [],
      rows(metric) {
        const rows = [];
        stays.forEach(([version, begin, end], stay) => {
          const y = gitrack.toNumber(metrics[metric][2][stay]);
          if (metrics[metric][2][stay] === null || !Number.isFinite(y)) return;
          rows.push({ key: stay, x: begin * 1000, y, best: y, series: "s0" });
          const next = stays[stay + 1];
          if (!next) rows.push({ key: stay, x: end * 1000, best: y, series: "s0" });
        });
        return rows;
      },
      series: [{ colour: "--good", dash: [1, 0] }],
      says(row) {
        const [version, begin] = stays[row.key];
        return ["v" + version, " since ", gitrack.absolute(new Date(begin * 1000).toISOString()), " · ", h("b", {}, gitrack.number(row.y))];
      },
      page: null,
    };
  }

  /** With the best until then, and no more dots than can be told apart. */
  function best(rows, goal) {
    let record = null;
    const kept = new Set([0, rows.length - 1]);
    rows.forEach((row, at) => {
      if (goal && (record === null || (goal === "maximize" ? row.y > record : row.y < record))) { record = row.y; kept.add(at); }
      if (record !== null) row.best = record;
    });
    if (rows.length <= MOST) return rows;
    for (let part = 0; part < MOST / 2; part++) {
      const from = Math.floor((part * rows.length) / (MOST / 2));
      const to = Math.floor(((part + 1) * rows.length) / (MOST / 2));
      let [low, high] = [from, from];
      for (let at = from; at < to; at++) {
        if (rows[at].y < rows[low].y) low = at;
        if (rows[at].y > rows[high].y) high = at;
      }
      kept.add(low).add(high);
    }
    return [...kept].sort((a, b) => a - b).map((at) => rows[at]);
  }

  async function opened(article) {
    const path = article.dataset.trend;
    if (path === "*") {
      await gitrack.load(PRODUCTION);
      return production(arrived.get("*").find(([key]) => key === article.dataset.key));
    }
    await gitrack.load(path);
    return experiment(arrived.get(path.replace(/^data\/trends\//, "").replace(/\.js$/, "")));
  }

  function trend(article) {
    const figure = article.querySelector(".drawing");
    if (!figure) return;
    const drawn = figure.querySelector(".drawn");
    const read = article.querySelector("[data-read]");
    const isExperiment = article.dataset.trend !== "*";
    const plot = h("div", { class: "plot", role: "img", "aria-label": drawn.getAttribute("aria-label"), hidden: true });
    drawn.after(plot);
    const [metric, over] = article.querySelectorAll("[data-tools] select");
    let data = null;
    let view = null;
    let under = null;

    async function need() {
      if (data) return data;
      data = await opened(article);
      const chosen = metric.value;
      metric.replaceChildren(...data.metrics.map(([word], place) => h("option", { value: String(place) }, word)));
      metric.value = chosen;
      return data;
    }

    async function draw() {
      await need();
      const by = isExperiment ? over.value : "time";
      const rows = data.rows(Number(metric.value), by);
      drawn.hidden = true;
      plot.hidden = false;
      read.replaceChildren();
      const old = view;
      view = null;
      if (!rows.length) gitrack.nothingToDraw(plot);
      else {
        const span = rows[rows.length - 1].x - rows[0].x;
        view = await gitrack.embed(plot, "points", rows, {
          series: data.series, best: rows.some((row) => row.best !== undefined),
          xTitle: by === "commits" ? "commits of the code, in the order in which they were run" : null,
          xTime: by === "commits" ? null : gitrack.timeFormat(span),
        });
        const of = new Map(rows.map((row) => [row.key, row]).reverse());
        view.addSignalListener("near", (_, value) => {
          under = value && Array.isArray(value.key) && value.key.length ? of.get(value.key[0]) : null;
          read.replaceChildren(...(under ? data.says(under) : []));
        });
      }
      if (old) old.finalize();
    }

    const again = () => gitrack.whenSeen(plot, draw);
    const asked = () => { plot.hidden = false; again(); };
    metric.addEventListener("pointerdown", need);
    metric.addEventListener("focus", need);
    metric.addEventListener("change", asked);
    if (over) over.addEventListener("change", asked);
    plot.addEventListener("click", () => { if (under && data.page) window.location.href = gitrack.root + data.page(under); });
    gitrack.onTheme.push(() => { if (!plot.hidden) again(); });
  }

  document.querySelectorAll("[data-trend]").forEach(trend);
})();
