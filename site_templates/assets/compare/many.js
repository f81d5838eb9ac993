/* Three runs or more: every run a line across its params, a dot by any two values, and which
   params matter. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { state, change, sections } = gitrack.compare;
  const SVG = "http://www.w3.org/2000/svg";
  const MOST_AXES = 9;
  /** Names to choose from, of params and of metrics: a list of a hundred thousand is none. */
  const MOST_NAMES = 500;

  const svg = (tag, properties, ...children) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(properties)) element.setAttribute(name, String(value));
    element.append(...children);
    return element;
  };

  /** What varies: `{key, name, values, numeric}`; params first, then metrics, the measure last. */
  function varying({ runs, measure }) {
    const found = [];
    const gather = (kind, pairs) => {
      const maps = runs.map((run) => new Map(pairs(run).map(([name, value]) => [name, value])));
      const told = new Map();
      for (const map of maps) for (const name of map.keys()) told.set(name, (told.get(name) || 0) + 1);
      const names = told.size > MOST_NAMES ? [...told.keys()].sort((a, b) => told.get(b) - told.get(a)) : told.keys();
      const before = found.length;
      for (const name of names) {
        const raw = maps.map((map) => map.get(name));
        if (new Set(raw.map(String)).size < 2) continue;
        if (found.length - before === MOST_NAMES) { found.cut = true; break; }
        found.push(axis(kind + name, name, raw));
      }
    };
    gather("params.", (run) => run.params.filter(([name]) => !gitrack.compare.isSeed(name)));
    gather("metrics.", (run) => run.metrics.filter(([name]) => !measure || name !== measure.name));
    if (measure) found.push(axis("metrics." + measure.name, measure.name, runs.map((run) => gitrack.compare.metric(run, measure.name))));
    return found;
  }

  function axis(key, name, raw) {
    const given = raw.filter((value) => value !== undefined && value !== null);
    const numbers = raw.map((value) => (value === undefined || value === null || value === "" || typeof value === "boolean" ? NaN : gitrack.toNumber(value)));
    const numeric = given.length > 0 && given.every((value, i) => typeof value !== "boolean" && value !== "" && !Number.isNaN(Number(gitrack.toNumber(value))));
    if (numeric) {
      const finite = numbers.filter(Number.isFinite);
      const [low, high] = [Math.min(...finite), Math.max(...finite)];
      /* Learning rates and their like are tried by orders of magnitude. */
      const middle = finite.sort((a, b) => a - b)[finite.length >> 1];
      const log = key.startsWith("params.") && low > 0 && high / low >= 50 && middle < low + (high - low) / 4;
      const scale = log ? Math.log : (value) => value;
      return { key, name, numeric, values: numbers, low, high, share: (value) => (high > low ? (scale(value) - scale(low)) / (scale(high) - scale(low)) : 0.5), log };
    }
    const words = [...new Set(raw.map((value) => gitrack.setting(value)))].sort();
    const values = raw.map((value) => words.indexOf(gitrack.setting(value)));
    return { key, name, numeric, words, values, low: 0, high: words.length - 1, share: (value) => (words.length > 1 ? value / (words.length - 1) : 0.5) };
  }

  function draw(inside, context, title) {
    const axes = varying(context);
    if (axes.length < 2) return false;
    title.replaceChildren("Params and results", h("span", { class: "aside" }, `${context.runs.length} runs`));
    const parts = h("div", { class: "many" });
    inside.replaceChildren(parallel(axes, context), parts);
    /* In the page before it is drawn: a chart is as wide as its place. */
    const matters = importance(context);
    parts.append(...[scatter(axes, context), matters].filter(Boolean));
    return true;
  }

  /* ---- parallel coordinates ---- */
  function parallel(all, { runs, measure, base }) {
    const matters = gitrack.compare.importance({ runs, measure });
    const rank = new Map(matters ? matters.rows.map((row, place) => ["params." + row.name, place]) : []);
    const last = measure ? all[all.length - 1] : null;
    const params = all.filter((one) => one.key.startsWith("params.") && one !== last).sort((a, b) => (rank.get(a.key) ?? 99) - (rank.get(b.key) ?? 99)).slice(0, MOST_AXES - 1);
    const axes = [...params, ...(last ? [last] : [])];
    if (axes.length < 2) return "";
    const [width, height, top, foot] = [Math.max(480, axes.length * 150), 250, 14, 14];
    const x = (place) => ((place + 0.5) * width) / axes.length;
    const gaps = axes.some((one) => one.values.some((value) => !Number.isFinite(value)));
    const bottom = height - foot - (gaps ? 26 : 0);
    /* Who has no value passes below the axis: a gap would cut the line in two. */
    const y = (one, value) => (Number.isFinite(value) ? top + (1 - one.share(value)) * (bottom - top) : height - 6);
    const few = runs.length <= 8;
    const dense = runs.length > 60;
    const goal = measure ? measure.goal : null;
    const order = [...runs.keys()].sort((a, b) => (last ? (last.values[a] - last.values[b]) * (goal === "minimize" ? -1 : 1) || 0 : 0));
    const said = h("p", { class: "note", "aria-live": "off" }, few ? "" : "Stronger lines have better results. Point at a line to read its run.");
    const lines = order.map((i) => {
      const path = "M" + axes.map((one, place) => `${x(place).toFixed(1)} ${y(one, one.values[i]).toFixed(1)}`).join("L");
      const good = last && Number.isFinite(last.values[i]) ? (goal === "minimize" ? 1 - last.share(last.values[i]) : last.share(last.values[i])) : 0.3;
      const style = few ? `stroke: var(${gitrack.style(i).colour}); stroke-dasharray: ${gitrack.style(i).dash[1] ? "6 3" : "none"}` : `stroke: color-mix(in oklab, var(--series-1) ${Math.round(18 + 82 * good)}%, var(--line-2))`;
      const line = svg("path", { d: path, style, class: "line" + (dense ? " dense-line" : "") + (runs[i] === base ? " base-line" : "") });
      const speak = () => said.replaceChildren(h("a", { href: gitrack.root + runs[i].page }, h("bdi", {}, runs[i].name)), ": ", ...axes.flatMap((one, place) => [place ? ", " : "", h("bdi", {}, one.name), " ", h("strong", {}, h("bdi", {}, shown(one, i)))]));
      line.addEventListener("pointerenter", () => { line.classList.add("near"); speak(); });
      line.addEventListener("pointerleave", () => line.classList.remove("near"));
      return line;
    });
    const ticks = axes.flatMap((one, place) => [svg("path", { class: "axis", d: `M${x(place)} ${top}V${bottom}` })]);
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width: "100%", height, preserveAspectRatio: "none", "aria-hidden": "true" }, ...ticks, ...lines);
    const heads = h("div", { class: "axes", style: `grid-template-columns: repeat(${axes.length}, minmax(0, 1fr))` }, axes.map((one) =>
      h("div", {}, h("span", { class: "axis-name", title: one.name }, h("bdi", {}, one.name)), h("span", { class: "axis-end" }, end(one, one.high)))));
    const feet = h("div", { class: "axes", style: `grid-template-columns: repeat(${axes.length}, minmax(0, 1fr))` }, axes.map((one) => h("div", {}, h("span", { class: "axis-end" }, end(one, one.low), one.log ? " (log)" : ""), one.values.every(Number.isFinite) ? null : h("span", { class: "axis-end" }, "below: not set"))));
    return h("div", { class: "chart parallel" }, h("h3", {}, "Every run across its params", params.length + (last ? 1 : 0) < all.filter((one) => one.key.startsWith("params.") || one === last).length ? h("span", { class: "aside" }, `the ${params.length} params that matter most`) : ""),
      h("div", { class: "across", role: "group", "aria-label": "Every run across its params", tabindex: 0 }, h("div", { role: "img", "aria-label": `Lines of ${runs.length} runs across ${axes.map((one) => one.name).join(", ")}` }, heads, picture, feet)), said);
  }

  const shown = (one, i) => (!Number.isFinite(one.values[i]) ? "–" : one.numeric ? gitrack.number(one.values[i]) : one.words[one.values[i]]);
  const end = (one, value) => h("bdi", {}, one.numeric ? gitrack.number(value) : one.words[value]);

  /* ---- any two values ---- */
  function scatter(axes, { runs, measure }) {
    const by = (key, otherwise) => axes.find((one) => one.key === key) || otherwise;
    const matters = gitrack.compare.importance({ runs, measure });
    const first = matters && axes.find((one) => one.key === "params." + matters.rows[0].name);
    const plot = h("div", { class: "plot square", role: "img" });
    const words = h("p", { class: "note" });
    const options = (now) => [...axes.map((one) => h("option", { value: one.key, selected: one === now }, one.key)), axes.cut ? h("option", { disabled: true }, "others, which fewer runs have") : null];
    const lists = ["sx", "sy"].map((name, place) => {
      const list = h("select", { "data-key": name, "aria-label": place ? "Vertical" : "Horizontal" }, options(by(state[name], place ? axes[axes.length - 1] : first || axes[0])));
      list.addEventListener("change", () => { change({ [name]: list.value }); redraw(); });
      return list;
    });
    const few = runs.length <= 8;
    const series = few ? runs.map((_, i) => gitrack.style(i)) : [gitrack.style(0)];
    const paint = async () => {
      const [across, up] = lists.map((list) => by(list.value));
      plot.setAttribute("aria-label", `${up.name} over ${across.name}, a dot a run`);
      const rows = runs.map((run, i) => ({ key: i, x: across.values[i], y: up.values[i], series: few ? "s" + i : "s0" })).filter((row) => Number.isFinite(row.x) && Number.isFinite(row.y));
      if (!rows.length) { gitrack.nothingToDraw(plot); return; }
      const view = await gitrack.embed(plot, "points", rows, { series, logX: Boolean(across.log), logY: Boolean(up.log), xPlaces: !across.numeric && across.words.length, yPlaces: !up.numeric && up.words.length });
      const legend = [across, up].filter((one) => !one.numeric).flatMap((one) => [h("bdi", {}, one.name), ": ", one.words.slice(0, 12).map((word, place) => `${place} is ${word}`).join(", "), ". "]);
      const say = (i) => words.replaceChildren(...(i === null ? legend : [h("a", { href: gitrack.root + runs[i].page }, h("bdi", {}, runs[i].name)), ` ${shown(across, i)}, ${shown(up, i)}`]));
      say(null);
      view.addSignalListener("near", (_, value) => say(value && Array.isArray(value.key) && value.key.length ? value.key[0] : null));
    };
    const redraw = () => gitrack.whenSeen(plot, paint);
    gitrack.onTheme.push(redraw);
    redraw();
    return h("div", { class: "chart" }, h("h3", {}, "A dot a run"), h("div", { class: "chart-tools" }, h("label", {}, "Across", lists[0]), h("label", {}, "Up", lists[1])), plot, words);
  }

  /* ---- importance ---- */
  function importance(context) {
    const found = gitrack.compare.importance(context);
    if (!found) return null;
    const row = (one) => h("tr", {}, h("th", { scope: "row" }, gitrack.name(one.name)),
      h("td", { class: "num" }, `${Math.round(one.share * 100)} %`),
      h("td", { class: "bar-cell", "aria-hidden": "true" }, h("span", { class: "share-bar", style: `width: ${(one.share * 100).toFixed(1)}%` })),
      h("td", { class: "num" }, one.direction === null ? "–" : gitrack.compare.signed(Number(one.direction.toFixed(2))) || "0"));
    return h("div", { class: "chart importance" }, h("h3", {}, "Which params matter for ", h("bdi", {}, found.metric)),
      h("div", { class: "scroll bare", role: "group", "aria-label": "Importance of params", tabindex: 0 }, h("table", { class: "list dense" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Param"), h("th", { scope: "col", class: "num" }, "Explains"), h("th", { scope: "col" }, h("span", { class: "unseen" }, "As a bar")), h("th", { scope: "col", class: "num", title: "rank correlation: whether the metric rises with it, from −1 to 1" }, "Rises with it"))),
        h("tbody", {}, found.rows.slice(0, 14).map(row)))),
      h("p", { class: "note" }, `“Explains” is the part of the ranked results that one param accounts for by itself, of ${found.runs} runs, less what chance would. Params that matter only together are not seen.`));
  }

  sections.push({ id: "many", title: "Params and results", least: 3, draw });
})();
