/* Charts: the build's Altair specifications, drawn by Vega with data of this page.
   Vega never sees a word of a user: series are s0, s1, …, legends are ours. */
(function () {
  "use strict";
  const { h } = gitrack;

  async function ready() {
    await Promise.all([gitrack.load("assets/vega.js"), gitrack.fetchOnce("specs", "assets/specs.js")]);
    return gitrack.got("specs");
  }

  function config() {
    const soft = gitrack.css("--ink-3");
    return {
      background: null,
      font: getComputedStyle(document.body).fontFamily,
      view: { stroke: null },
      padding: 2,
      axis: {
        labelColor: soft, labelFontSize: 11, gridColor: gitrack.css("--line"), domainColor: gitrack.css("--line-2"),
        tickColor: gitrack.css("--line-2"), titleColor: soft, titleFontSize: 11, titleFontWeight: 400, tickSize: 4, domain: true, labelPadding: 4,
      },
      axisY: { domain: false, ticks: false },
    };
  }

  /** How fine the marks of a time axis are written, by what it spans; the whole date where it fits. */
  function timeFormat(milliseconds) {
    const days = milliseconds / 86400000;
    if (days < 0.01) return "%H:%M:%S";
    if (days < 0.7) return "%H:%M";
    if (days < 6) return "%b %d, %H:%M";
    return days < 300 ? "%b %d" : "%b %Y";
  }

  /** A title that is no property of every object: Vega looks up what it is given. */
  const titled = (text) => (text in Object.prototype ? text + "\u200b" : text);

  /** The specification with this chart's scales and titles put in. */
  function fit(spec, { series, xTitle, yTitle, xDomain, xTime, logY, logX, xPlaces, yPlaces, brush, best }) {
    const fitted = structuredClone(spec);
    const domain = series.map((_, place) => "s" + place);
    for (const layer of fitted.layer) {
      const { x, y, color, strokeDash } = layer.encoding;
      if (yTitle && y) y.title = titled(yTitle);
      if (color && color.field) color.scale = { domain, range: series.map((one) => gitrack.css(one.colour)) };
      if (strokeDash) strokeDash.scale = { domain, range: series.map((one) => one.dash) };
      if (x) {
        x.title = xTitle ? titled(xTitle) : null;
        if (xDomain) x.scale = { ...x.scale, domain: xDomain, nice: false };
        else if (!xTime && !(x.scale && x.scale.domain)) x.scale = { ...x.scale, nice: false };
        if (logX) x.scale = { ...x.scale, type: "log", zero: undefined };
        if (xTime) { x.type = "temporal"; x.axis = { ...x.axis, labelOverlap: true, labelSeparation: 8, format: xTime }; x.scale = { ...x.scale, zero: undefined }; }
      }
      /* Words stand at whole numbers: nothing lies between two of them. */
      const places = (count) => ({ values: [...Array(count).keys()], format: "d" });
      if (x && xPlaces) x.axis = { ...x.axis, ...places(xPlaces) };
      if (y && yPlaces) y.axis = { ...y.axis, ...places(yPlaces) };
      if (y && logY) y.scale = { ...y.scale, type: "log", zero: undefined };
    }
    if (!best) fitted.layer = fitted.layer.filter((layer) => !layer.encoding.y || layer.encoding.y.field !== "best");
    if (!brush) fitted.params = (fitted.params || []).filter((one) => one.name !== "window");
    return fitted;
  }

  /** The one value that all rows have, or null. */
  function shared(datasets, names) {
    let value = null;
    for (const rows of Object.values(datasets)) {
      for (const row of rows) {
        for (const name of names) {
          if (!Number.isFinite(row[name])) continue;
          if (value !== null && value !== row[name]) return null;
          value = row[name];
        }
      }
    }
    return value;
  }

  /** Room around such a value: where there is no extent, an axis rounds it to a whole number. */
  function widen(fitted, names, field, log) {
    const value = shared(fitted.datasets, names);
    if (value === null || Number.isInteger(value)) return;
    const room = Math.abs(value) / 20;
    for (const { encoding: { [field]: channel } } of fitted.layer) {
      if (channel && channel.type === "quantitative" && !(channel.scale && channel.scale.domain)) channel.scale = { ...channel.scale, domain: log ? [value / 2, value * 2] : [value - room, value + room] };
    }
  }

  async function embed(place, kind, rows, options) {
    const specs = await ready();
    const fitted = fit(specs[kind], options);
    fitted.datasets = { rows, level: [], ...options.datasets };
    widen(fitted, ["x"], "x", options.logX);
    widen(fitted, ["y", "best"], "y", options.logY);
    /* Of no numbers there is no extent, and Vega says so. */
    if (!fitted.datasets.level.length) fitted.layer = fitted.layer.filter((layer) => !layer.data || layer.data.name !== "level");
    const { view } = await window.vegaEmbed(place, fitted, {
      ast: true, actions: false, renderer: rows.length > 1500 ? "canvas" : "svg", config: config(), tooltip: false, defaultStyle: false,
    });
    /* The place has a name of its own; Vega's parts would be read one by one, without any. */
    for (const drawn of place.querySelectorAll("svg")) drawn.setAttribute("aria-hidden", "true");
    return view;
  }

  /* First what is in sight, then, while nothing else is to be done, the others: whoever prints
     finds them there. Of the hundred metrics that a run may have only those that are looked at. */
  const DRAWN_UNSEEN = 24;
  const waiting = new Set();
  let later = 0;
  const watcher = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) drawNow(target);
  }, { rootMargin: "300px" });
  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));

  function drawNow(place) {
    if (!waiting.delete(place)) return place.drawing;
    watcher.unobserve(place);
    /* One drawing after the other: two at once would leave two charts in one place. One that fails
       says so in the console, and the next one is drawn all the same. */
    place.drawing = (place.drawing || Promise.resolve()).catch(() => {}).then(place.drawNow);
    return place.drawing;
  }

  async function drawRest() {
    const [next] = waiting;
    if (!next) return;
    await drawNow(next);
    idle(drawRest);
  }

  function whenSeen(place, draw) {
    place.drawNow = draw;
    waiting.add(place);
    watcher.unobserve(place);
    watcher.observe(place);
    clearTimeout(later);
    later = setTimeout(() => { if (waiting.size <= DRAWN_UNSEEN) drawRest(); }, 400);
  }
  window.addEventListener("beforeprint", () => [...waiting].forEach(drawNow));

  function nothing(plot) {
    plot.replaceChildren(h("p", { class: "note" }, "No numbers to draw."));
  }

  function smooth(values, weight) {
    if (!weight) return values;
    let last = null;
    let debias = 0;
    return values.map((value) => {
      if (!Number.isFinite(value)) return value;
      last = (last === null ? 0 : last) * weight + (1 - weight) * value;
      debias = debias * weight + (1 - weight);
      return last / debias;
    });
  }

  /** `val_logloss` and `train_logloss` belong together; the part of the data is not the metric. */
  function family(name) {
    return name.replace(/^(train|training|val|valid|validation|test|eval|dev)[_/.-]/i, "") || name;
  }

  /** The best value until then: what a metric with a goal had reached. */
  function bestSoFar(values, goal) {
    let best = null;
    return values.map((value) => {
      if (best === null || (goal === "maximize" ? value > best : value < best)) best = value;
      return best;
    });
  }

  const OVER = [["step", "step"], ["relative", "time since the start"], ["wall", "clock"]];

  /** Curves as small multiples: `runs` are data of runs, one colour each (or one a metric).
      `start` is how they are first drawn ({weight, log, logX, x, best}), `changed` is told of it. */
  function curves(place, runs, { byRun, start, changed }) {
    const state = { weight: 0, log: false, logX: false, x: "step", best: false, domain: null, ...start };
    const families = new Map();
    let goals = false;
    runs.forEach((run, runPlace) => {
      const goalOf = new Map((run.metrics || []).map(([name, , goal]) => [name, goal]));
      for (const [name, values] of run.history ? run.history.columns : []) {
        if (!values.some((value) => Number.isFinite(gitrack.toNumber(value)))) continue;
        const key = byRun ? name : family(name);
        if (!families.has(key)) families.set(key, []);
        const all = families.get(key);
        const goal = goalOf.get(name) || null;
        goals = goals || goal !== null;
        all.push({ label: byRun ? run.name : name, ...gitrack.style(byRun ? runPlace : all.length), run, values, goal });
      }
    });
    const timed = runs.every((run) => !run.history || run.history.times.some((value) => value !== null));
    if (!timed) state.x = "step";
    const redraws = [];
    const redraw = () => redraws.forEach((one) => one());
    const change = (fields) => {
      Object.assign(state, fields);
      redraw();
      if (changed) changed({ weight: state.weight, log: state.log, logX: state.logX, x: state.x, best: state.best });
    };
    const box = (field, label) => {
      const input = h("input", { type: "checkbox" });
      input.checked = state[field];
      input.addEventListener("change", () => change({ [field]: input.checked, domain: field === "logX" ? null : state.domain }));
      return h("label", {}, input, label);
    };

    const slider = h("input", { type: "range", min: 0, max: 0.98, step: 0.02, value: state.weight });
    slider.addEventListener("input", () => change({ weight: Number(slider.value) }));
    const axis = h("select", {}, OVER.map(([value, label]) => h("option", { value, selected: value === state.x }, label)));
    axis.addEventListener("change", () => change({ x: axis.value, domain: null }));
    const hint = h("span", { class: "hint" }, "drag to zoom, double-click to reset");
    const tools = h("div", { class: "chart-tools" },
      h("label", {}, "Smoothing", slider), box("log", "Log scale"), box("logX", "Log horizontally"), goals && box("best", "Best so far"),
      timed && h("label", {}, "Over", axis), hint);

    const grid = h("div", { class: "charts" });
    const rank = (name) => (/^system[./]/.test(name) ? 1 : 0);
    for (const [key, series] of [...families].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))) {
      grid.append(curve(key, series, state, redraws, redraw));
    }
    place.replaceChildren(tools, grid);
    redraw();
    gitrack.onTheme.push(redraw);
    return families.size;
  }

  /** One series as it is to be drawn: pairs of x and y in order. */
  function line(one, state) {
    const { steps, times } = one.run.history;
    const begin = times.find((value) => value !== null);
    const clock = Date.parse(one.run.started);
    const across = (i) => {
      if (state.x === "step") return steps[i] === null ? i : steps[i];
      if (times[i] === null) return null;
      return state.x === "wall" ? clock + times[i] * 1000 : times[i] - begin;
    };
    const logX = state.logX && state.x !== "wall";
    const kept = [];
    one.values.forEach((raw, i) => {
      const y = gitrack.toNumber(raw);
      const x = across(i);
      if (raw !== null && Number.isFinite(y) && Number.isFinite(x) && (!state.log || y > 0) && (!logX || x > 0)) kept.push([x, y]);
    });
    kept.sort((a, b) => a[0] - b[0]);
    let values = kept.map(([, y]) => y);
    if (state.best && one.goal) values = bestSoFar(values, one.goal);
    values = smooth(values, state.weight);
    return kept.map(([x], i) => [x, values[i]]);
  }

  /** Where a series ends, without what it takes to draw it unless that is smoothed. */
  function end(one, state) {
    if (!state.weight && !state.best) {
      const raw = one.values.findLast((value) => value !== null && Number.isFinite(gitrack.toNumber(value)));
      return gitrack.toNumber(raw);
    }
    const points = line(one, state);
    return points.length ? points[points.length - 1][1] : null;
  }

  const TITLES = { step: "step", relative: "seconds since the first step", wall: null };

  function curve(title, series, state, redraws, redrawAll) {
    /* They say where the curves end before these are drawn: words that came later could need a
       line more, and would move all that is below them. */
    const nows = series.map((one) => h("span", { class: "now" }, gitrack.number(end(one, state))));
    const legend = h("ul", { class: "legend plotted" }, series.map((one, place) =>
      h("li", {}, h("span", { class: "swatch", style: `color: var(${one.colour})` + (one.dash[1] ? "; border-top-style: dashed" : "") }),
        h("span", { class: "name", title: one.label }, h("bdi", {}, one.label)), nows[place])));
    const plot = h("div", { class: "plot", role: "img", "aria-label": "Curve of " + title });
    const figure = h("div", { class: "chart" }, h("h3", {}, h("bdi", {}, title)), legend, plot);
    let view = null;

    const draw = async () => {
      const lines = series.map((one) => line(one, state));
      const rows = lines.flatMap((points, place) => points.map(([x, y]) => ({ series: "s" + place, x, y })));
      const old = view;
      if (!rows.length) { if (old) old.finalize(); view = null; nothing(plot); return; }
      view = await embed(plot, "curves", rows, {
        series, xTitle: TITLES[state.x], xTime: state.x === "wall" && timeFormat(span(lines)), xDomain: state.domain, logY: state.log, logX: state.logX && state.x !== "wall", brush: true,
      });
      if (old) old.finalize();
      const last = lines.map((points) => (points.length ? points[points.length - 1][1] : null));
      const say = (x) => lines.forEach((points, place) => {
        const point = x === null ? null : nearest(points, x);
        nows[place].textContent = gitrack.number(x === null ? last[place] : point);
      });
      say(null);
      view.addSignalListener("near", (_, value) => {
        say(value && Array.isArray(value.x) && value.x.length ? value.x[0] : null);
      });
      let range = null;
      view.addSignalListener("window", (_, value) => { range = value && value.x ? value.x : null; });
      plot.onpointerup = () => {
        if (!range || Math.abs(range[1] - range[0]) < 1e-9) return;
        state.domain = [...range].sort((a, b) => a - b);
        redrawAll();
      };
      plot.ondblclick = () => { state.domain = null; redrawAll(); };
    };
    redraws.push(() => whenSeen(plot, draw));
    return figure;
  }

  function span(lines) {
    const ends = lines.filter((points) => points.length).flatMap((points) => [points[0][0], points[points.length - 1][0]]);
    return Math.max(...ends) - Math.min(...ends);
  }

  function nearest(line, x) {
    let low = 0;
    let high = line.length - 1;
    if (high < 0) return null;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (line[middle][0] < x) low = middle + 1;
      else high = middle;
    }
    const before = line[Math.max(0, low - 1)];
    return Math.abs(before[0] - x) < Math.abs(line[low][0] - x) ? before[1] : line[low][1];
  }

  gitrack.curves = curves;
  gitrack.embed = embed;
  gitrack.whenSeen = whenSeen;
  gitrack.timeFormat = timeFormat;
  gitrack.nothingToDraw = nothing;
})();
