/* What logged predictions say: curves over each other, tables of confusion, paired statistics. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { state, change, sections } = gitrack.compare;
  const MOST = 12;
  const EVEN = [{ x: 0, y: 0 }, { x: 1, y: 1 }];

  const setsOf = (run) => {
    const sets = run.evaluation && run.evaluation.sets;
    return new Map(Array.isArray(sets) ? sets : Object.entries(sets || {}));
  };

  /** Names of sets, those that base and other both have first, test data before others. */
  function namesOf({ runs, base, other }) {
    const names = [...new Set(runs.flatMap((run) => [...setsOf(run).keys()]))];
    const both = (name) => other && setsOf(base).has(name) && setsOf(other).has(name);
    const rank = (name) => (both(name) ? 0 : 4) + (/test|holdout/i.test(name) ? 0 : /val|eval/i.test(name) ? 1 : 2);
    return names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  }

  const chosen = (names) => (names.includes(state.set) ? state.set : names[0]);

  /** The cases that both have, side by side; or why they cannot be paired. */
  function pair(one, other) {
    if (!one || !other) return { why: "only one of the two logged these predictions" };
    if (one.task !== other.task) return { why: "the predictions are of different kinds" };
    if (one.cases_digest !== other.cases_digest) return { why: "they were judged on different cases, so no test can pair them" };
    const [a, b] = [one.sample, other.sample];
    if (!a || !b) return { why: "no sample of cases was kept (capture.predictions_sample is 0)" };
    if (a.picked !== b.picked || a.truth.length !== b.truth.length) return { why: "different samples of the cases were kept" };
    const told = (sample) => (one.task === "multiclass" || sample.said ? sample.said : sample.scores);
    const [ours, theirs] = [told(a), told(b)];
    const there = [...a.truth.keys()].filter((i) => [a.truth[i], b.truth[i], ours[i], theirs[i]].every((value) => value !== null && value !== "NaN") && a.truth[i] === b.truth[i]);
    if (there.length < 10) return { why: `only ${there.length} cases have a value in both` };
    const take = (list) => Float64Array.from(there, (i) => gitrack.toNumber(list[i]));
    /* Labels without scores are right or wrong, and nothing else can be measured of them. */
    const task = one.task === "binary" && a.said ? "multiclass" : one.task;
    return { task, truth: take(a.truth), one: take(ours), other: take(theirs), cases: one.cases };
  }

  const known = new Map();

  /** Statistics of `other` against `base` on the chosen set; kept, for two sections ask. */
  function evidence(context) {
    const { base, other, alive } = context;
    const name = chosen(namesOf(context));
    if (!name || !other) return Promise.resolve(null);
    const key = [base.id, other.id, name].join("|");
    if (!known.has(key)) {
      const asked = judge(name, setsOf(base).get(name), setsOf(other).get(name), alive);
      known.set(key, asked);
      asked.then((found) => { if (found === null) known.delete(key); });
    }
    return known.get(key);
  }

  /** What will be known of the two case by case, before anything is drawn; null where they cannot be paired. */
  function pairable(context) {
    const name = chosen(namesOf(context));
    const cases = name && context.other ? pair(setsOf(context.other).get(name), setsOf(context.base).get(name)) : { why: "nothing to pair" };
    return cases.why ? null : { rows: gitrack.statistics.measures(cases.task, cases.one, cases.other), paired: cases.truth.length, cases: cases.cases };
  }

  /** The same at once, where there is an interval without drawing anew: of the area under the ROC curve. */
  function exact(context, kind) {
    const { base, other } = context;
    const name = chosen(namesOf(context));
    if (kind !== "roc_auc" || !name || !other) return null;
    const cases = pair(setsOf(other).get(name), setsOf(base).get(name));
    if (cases.why || cases.task !== "binary") return null;
    const row = gitrack.statistics.delong(cases.truth, cases.one, cases.other);
    return row && { name, rows: [{ key: kind, name: "ROC AUC", goal: "maximize", ...row }], paired: cases.truth.length, cases: cases.cases };
  }

  async function judge(name, ofBase, ofOther, alive) {
    const cases = pair(ofOther, ofBase);
    if (cases.why) return { name, why: cases.why };
    const rows = await gitrack.statistics.paired(cases.task, cases.truth, cases.one, cases.other, { alive });
    if (!rows) return null;
    const exact = cases.task === "binary" ? gitrack.statistics.delong(cases.truth, cases.one, cases.other) : null;
    const found = rows.map((row) => (row.key === "roc_auc" && exact ? { ...row, ...exact } : row));
    return { name, rows: found, paired: cases.truth.length, cases: cases.cases };
  }

  /** `better`, `worse` or null where the interval has zero in it. */
  function verdict({ low, high, goal }) {
    if (low === null || (low <= 0 && high >= 0)) return null;
    return (goal === "maximize") === (low > 0) ? "better" : "worse";
  }

  const digits = (value) => gitrack.number(Number(value.toPrecision(4)));
  const interval = ({ low, high }) => (low === null ? "–" : `${gitrack.compare.signed(low)} to ${gitrack.compare.signed(high)}`);

  function draw(inside, context, title) {
    const names = namesOf(context);
    if (!names.length) return false;
    const name = chosen(names);
    const runs = context.runs.map((run, i) => ({ run, i, set: setsOf(run).get(name) })).filter(({ set }) => set);
    const shown = runs.slice(0, MOST);
    title.replaceChildren("Predictions", runs.length < context.runs.length || runs.length > MOST
      ? h("span", { class: "aside" }, runs.length > MOST ? `${MOST} of ${runs.length} runs drawn` : `${runs.length} of ${context.runs.length} runs logged these`) : "");
    const pick = h("select", { "data-key": "set" }, names.map((one) => h("option", { value: one, selected: one === name }, one)));
    pick.addEventListener("change", () => {
      change({ set: pick.value });
      for (const part of ["verdict", "evaluation"]) if (context.redraw[part]) context.redraw[part]();
    });
    const first = shown[0].set;
    const alike = shown.every(({ set }) => set.cases_digest === first.cases_digest);
    const tools = h("div", { class: "compare-tools" },
      names.length > 1 ? h("label", {}, "Predictions", pick) : h("span", {}, h("bdi", {}, name)),
      h("span", { class: "note" }, `${first.cases.toLocaleString("en")} cases`, alike ? shown.length > 1 ? ", the same for all" : "" : ""),
      alike ? "" : h("span", { class: "word warn" }, "not all were judged on the same cases"));
    inside.replaceChildren(tools, statistics(context), charts(shown), confusions(shown, context.swatch), residuals(shown));
    return true;
  }

  /* ---- paired statistics ---- */
  function statistics(context) {
    const place = h("div", { class: "statistics" });
    if (!context.other) return place;
    /* What takes seconds has its room already: the same table without its numbers. */
    const coming = pairable(context);
    place.append(h("p", { class: coming ? "unseen" : "note", role: "status" }, "Pairing cases…"), ...(coming ? table(coming, context) : []));
    evidence(context).then((found) => {
      if (!found || !context.alive()) return;
      place.replaceChildren(...(found.why ? [h("p", { class: "note" }, "No paired test: ", found.why, ".")] : table(found, context)));
    });
    return place;
  }

  /* As wide as results are, never seen: lines of these keep the room of what is still counted. */
  const TYPICAL = { other: 0.8765, one: 0.8642, difference: -0.0123, low: -0.0235, high: 0.00122 };

  function table(found, { base, other }) {
    const row = (known) => {
      const coming = known.difference === undefined;
      const one = coming ? { ...known, ...TYPICAL } : known;
      const word = verdict(one);
      return h("tr", { class: coming && "coming" }, h("th", { scope: "row" }, one.name, gitrack.compare.arrow(one.goal)),
        h("td", { class: "num" }, digits(one.other)), h("td", { class: "num" }, digits(one.one)),
        h("td", { class: "num" }, gitrack.compare.signed(one.difference)), h("td", { class: "num" }, interval(one)),
        h("td", {}, whisker(one)), h("td", {}, h("span", { class: "delta" + (word ? " " + word : "") }, word || "not told apart")));
    };
    const part = found.paired < found.cases ? `a sample of ${found.paired.toLocaleString("en")} of ${found.cases.toLocaleString("en")} cases, chosen by a hash of their names and the same in both` : `all ${found.paired.toLocaleString("en")} cases`;
    return [
      h("div", { class: "scroll", role: "group", "aria-label": "Paired statistics", tabindex: 0 }, h("table", { class: "list dense" },
        h("caption", { class: "unseen" }, "Paired statistics"),
        h("thead", {}, h("tr", {}, ["Metric", base.name, other.name, "Difference", "95 % interval", "Interval about zero", "Verdict"].map((text, i) => h("th", { scope: "col", class: i && i < 5 ? "num" : "" }, h("bdi", { class: i > 4 && "unseen" }, text))))),
        h("tbody", {}, found.rows.map(row)))),
      h("p", { class: "note" }, `Both models on ${part}. Area under the ROC curve by DeLong, the rest by 2,000 paired draws from one fixed seed. An interval without zero is a difference that these cases do tell.`),
    ];
  }

  /** The interval as a line about zero, each to its own scale: their units differ. */
  function whisker({ low, high, difference }) {
    if (low === null) return "";
    const reach = Math.max(Math.abs(low), Math.abs(high), 1e-12);
    const at = (value) => 60 + 56 * Math.max(-1, Math.min(1, value / reach));
    const svg = (tag, properties) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, value] of Object.entries(properties)) element.setAttribute(key, value);
      return element;
    };
    const whole = svg("svg", { class: "whisker", viewBox: "0 0 120 14", width: 120, height: 14, "aria-hidden": "true" });
    whole.append(svg("path", { class: "zero", d: "M60 0V14" }), svg("path", { class: "reach", d: `M${at(low)} 7H${at(high)}` }), svg("circle", { cx: at(difference), cy: 7, r: 3 }));
    return whole;
  }

  /* ---- curves ---- */
  function charts(shown) {
    const grid = h("div", { class: "charts shares" });
    const some = (field) => shown.filter(({ set }) => set[field] && set[field].length);
    const share = shown[0].set.positives / shown[0].set.cases;
    const kinds = [
      ["ROC", some("roc"), ({ set }) => set.roc, ({ set }) => ["AUC", set.auc], EVEN, "false positives", "true positives"],
      ["Precision and recall", some("pr"), ({ set }) => set.pr, ({ set }) => ["AP", set.ap], Number.isFinite(share) ? [{ x: 0, y: share }, { x: 1, y: share }] : [], "recall", "precision"],
      ["Calibration", some("calibration"), ({ set }) => set.calibration, ({ set }) => ["Brier", set.brier], EVEN, "mean score", "share that was positive"],
    ];
    for (const [name, found, points, value, even, xTitle, yTitle] of kinds) {
      if (found.length) grid.append(overlay(name, found, points, value, even, xTitle, yTitle));
    }
    return grid;
  }

  function overlay(name, found, points, value, even, xTitle, yTitle) {
    const legend = h("ul", { class: "legend" }, found.map((one) => {
      const [word, number] = value(one);
      const { colour, dash } = gitrack.style(one.i);
      return h("li", {}, h("span", { class: "swatch", style: `color: var(${colour})` + (dash[1] ? "; border-top-style: dashed" : "") }),
        h("span", { class: "name", title: one.run.name }, h("bdi", {}, one.run.name)),
        h("span", { class: "now" }, number === null || number === undefined ? "" : `${word} ${gitrack.number(number)}`));
    }));
    const plot = h("div", { class: "plot square", role: "img", "aria-label": `${name}: ${found.map((one) => `${one.run.name} ${value(one).join(" ")}`).join(", ")}` });
    const rows = found.flatMap((one, place) => {
      const all = points(one);
      const most = Math.max(...all.map((point) => point[2] || 0));
      return all.map(([x, y, count], at) => ({ series: "s" + place, x, y, at, size: count ? 16 + 110 * (count / most) : 0 }));
    });
    const series = found.map(({ i }) => gitrack.style(i));
    const redraw = () => gitrack.whenSeen(plot, () => gitrack.embed(plot, "shares", rows, { series, xTitle, yTitle, datasets: { even } }));
    gitrack.onTheme.push(redraw);
    redraw();
    return h("div", { class: "chart" }, h("h3", {}, name), legend, plot);
  }

  /* ---- tables of confusion ---- */
  function confusions(shown, swatch) {
    const found = shown.filter(({ set }) => set.confusion && set.confusion.labels.length <= 12);
    const large = shown.filter(({ set }) => set.confusion && set.confusion.labels.length > 12);
    const note = large.length ? h("p", { class: "note" }, "With more than 12 labels, the table of confusion is on each run's page.") : "";
    if (!found.length) return h("div", {}, note);
    const threshold = found[0].set.confusion.threshold;
    return h("div", {}, h("h3", { class: "side-name" }, "Confusion", threshold === undefined || threshold === null ? "" : h("span", { class: "aside" }, `positive above ${threshold}`)),
      h("div", { class: "confusions" }, found.map((one) => confusion(one, swatch, found))), note);
  }

  function confusion({ run, i, set }, swatch, all) {
    const { labels, counts } = set.confusion;
    const base = all[0].set.confusion;
    const comparable = all[0].run !== run && base.labels.join("\n") === labels.join("\n");
    const of = (table, at) => Math.max(1, table.counts[at].reduce((sum, value) => sum + value, 0));
    const cell = (count, row, column) => {
      const share = count / of(set.confusion, row);
      const away = comparable ? share - base.counts[row][column] / of(base, row) : 0;
      return h("td", { class: "num", style: `--share: ${Math.round(share * 60)}%`, title: `${count.toLocaleString("en")} cases that are ${labels[row]} were taken for ${labels[column]}` },
        `${(share * 100).toFixed(1)} %`, comparable && Math.abs(away) >= 0.0005 ? gitrack.compare.delta(Number((away * 100).toFixed(1)), row === column ? "maximize" : "minimize") : "",
        h("span", { class: "sub" }, count.toLocaleString("en")));
    };
    return h("table", { class: "confusion" },
      h("caption", {}, swatch(i), h("bdi", {}, run.name), Number.isFinite(set.accuracy) ? h("span", { class: "aside" }, `${(set.accuracy * 100).toFixed(1)} % right`) : ""),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "aside" }, "is ↓ taken for →")), labels.map((label) => h("th", { scope: "col" }, gitrack.name(label))))),
      h("tbody", {}, counts.map((row, at) => h("tr", {}, h("th", { scope: "row" }, gitrack.name(labels[at])), row.map((count, column) => cell(count, at, column))))));
  }

  /* ---- regression ---- */
  function residuals(shown) {
    const found = shown.filter(({ set }) => set.residuals);
    if (!found.length) return "";
    const rows = found.flatMap(({ set }, place) => {
      const { edges, counts } = set.residuals;
      const all = counts.reduce((sum, count) => sum + count, 0) || 1;
      return counts.map((count, at) => ({ series: "s" + place, x: (edges[at] + edges[at + 1]) / 2, y: count / all / (edges[at + 1] - edges[at]) }));
    });
    const series = found.map(({ i }) => gitrack.style(i));
    const plot = h("div", { class: "plot", role: "img", "aria-label": "How far predictions lay above what was true" });
    const redraw = () => gitrack.whenSeen(plot, () => gitrack.embed(plot, "curves", rows, { series, xTitle: "predicted − true" }));
    gitrack.onTheme.push(redraw);
    redraw();
    const legend = h("ul", { class: "legend plotted" }, found.map(({ run, i, set }) => h("li", {}, h("span", { class: "swatch", style: `color: var(${gitrack.style(i).colour})` }), h("span", { class: "name" }, h("bdi", {}, run.name)), h("span", { class: "now" }, `RMSE ${gitrack.number(set.rmse)}`))));
    return h("div", { class: "charts" }, h("div", { class: "chart" }, h("h3", {}, "Residuals"), legend, plot));
  }

  Object.assign(gitrack.compare, { evidence, exact, pairable, verdictOf: verdict, interval });
  sections.push({ id: "evaluation", title: "Predictions", draw });
})();
