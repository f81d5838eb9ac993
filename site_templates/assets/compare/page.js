/* The comparison as a whole: which runs, against which baseline, and the sections below. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { state, change, sections } = gitrack.compare;
  const place = document.getElementById("compare");
  const starts = document.getElementById("compare-starts");
  const FOLDED = 10;
  const nobody = place.querySelector(".blank");
  const ORDER = ["verdict", "differences", "many", "curves", "evaluation", "data", "environment", "code", "pictures"];
  let drawn = 0;
  let marks = { best: [], stages: [] };

  /** Draw all anew after a change of the choice. */
  function choose(fields) {
    change(fields);
    draw();
  }

  async function add() {
    const entry = await gitrack.pick({ experiments: false, label: "Add a run to compare" });
    if (!entry || state.runs.includes(entry.id)) return;
    choose({ runs: [...state.runs, entry.id] });
  }

  async function draw() {
    const turn = ++drawn;
    gitrack.onTheme.length = 0;
    starts.hidden = state.runs.length > 0;
    if (!state.runs.length && !state.base) {
      document.title = document.title.replace(/^.* · Compare/, "Compare runs");
      place.replaceChildren(nobody);
      document.documentElement.classList.remove("aimed");
      return;
    }
    nobody.remove();
    document.documentElement.classList.remove("aimed");
    marks = (await gitrack.fetchOnce("marks", "data/marks.js").catch(() => null)) || marks;
    const { ids, told, left } = await gitrack.compare.resolveAll();
    const answers = await Promise.allSettled(ids.map(gitrack.fetchRun));
    if (turn !== drawn) return;
    const runs = [];
    const missing = [];
    answers.forEach((answer, i) => {
      if (answer.status === "fulfilled" && answer.value) runs.push(answer.value);
      else missing.push(ids[i]);
    });
    if (runs.length > 1) document.title = runs.map((run) => run.name).slice(0, 3).join(" · ") + " · Compare";
    const held = place.contains(document.activeElement) ? document.activeElement.dataset.key || "add" : null;
    const jump = h("nav", { class: "jump", "aria-label": "On this page" });
    place.replaceChildren(
      header(runs),
      ...stale(),
      ...told.map(([reference, why]) => h("p", { class: "notice bad" }, h("code", {}, h("bdi", {}, reference)), ": ", h("bdi", {}, why), ".")),
      ...missing.map((id) => h("p", { class: "notice bad" }, "There is no run ", h("code", {}, h("bdi", {}, id)), " on this site.")),
      ...(left ? [h("p", { class: "notice" }, `The first ${runs.length} of ${runs.length + left} runs are compared.`)] : []),
      ...(runs.length ? [] : [nobody]),
      ...(runs.length === 1 ? [alone(ids.length === 1 && state.runs.length > 1 && !told.length)] : []),
      jump);
    document.getElementById("compare-said").textContent = runs.length === 1 ? "1 run shown" : runs.length + " runs compared";
    if (held) refocus(held);
    if (!runs.length) return;
    const queue = [];
    const context = { runs, base: runs[0], other: theOther(runs), measure: measureOf(runs), marks, alive: () => turn === drawn, choose, swatch };
    for (const section of [...sections].sort((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id))) {
      if (runs.length >= (section.least || 1)) one(section, context, jump, queue, held);
    }
  }

  /** A section has its place at once, in order; it goes when it has nothing to say. It is seen when
      those above it have settled: what grows would move it. */
  function one(section, context, jump, queue, held) {
    const inside = h("div", {});
    const title = h("h2", { id: section.id, tabindex: -1 }, section.title);
    const whole = h("section", { "aria-labelledby": section.id, class: "waiting compare-" + section.id }, title, inside);
    const go = h("button", { type: "button", class: "waiting quiet-button", onclick: () => { whole.scrollIntoView(); title.focus({ preventScroll: true }); } }, section.title);
    place.append(whole);
    jump.append(go);
    const gone = () => { whole.remove(); go.remove(); };
    const show = () => {
      [whole, go].forEach((part) => part.classList.remove("waiting"));
      const stop = held && [...whole.querySelectorAll("[data-key]")].find((item) => item.dataset.key === held);
      const free = document.activeElement === document.body || document.activeElement.dataset.key === "add";
      if (stop && free) stop.focus({ preventScroll: true });
    };
    const turn = { settled: false, show };
    queue.push(turn);
    const settle = () => {
      turn.settled = true;
      while (queue.length && queue[0].settled) queue.shift().show();
    };
    const failed = (error) => {
      if (!context.alive()) return;
      inside.replaceChildren(h("p", { class: "note" }, "This part could not be drawn: " + error.message));
      throw error;
    };
    context.redraw = context.redraw || {};
    context.redraw[section.id] = () => {
      const held = whole.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      return Promise.resolve().then(() => section.draw(inside, context, title)).then((kept) => {
        if (!context.alive()) return;
        if (kept === false) gone();
        else if (held) refocus(held);
      }).catch(failed);
    };
    context.redraw[section.id]().finally(settle);
  }

  /** A link of another day is told apart from what the site says now. */
  function stale() {
    const built = gitrack.got("build");
    if (!state.at || !built || !built.commit || built.commit.startsWith(state.at)) return [];
    return [h("p", { class: "notice" }, "This link was made of ", h("code", {}, h("bdi", {}, state.at)), "; the site now shows ",
      h("code", { title: built.commit }, built.commit.slice(0, 12)), ". Runs never change, but which is the best or in production may have.")];
  }

  /** Keep the place of whoever works by keyboard: what had the focus was drawn anew, or is gone. */
  function refocus(key) {
    const stops = [...place.querySelectorAll("[data-key]")];
    const stop = stops.find((item) => item.dataset.key === key) || stops.find((item) => item.dataset.key === "add");
    if (stop) stop.focus();
  }

  function header(runs) {
    if (!runs.length) return "";
    const chips = h("ul", { class: "chosen", "aria-label": "Runs compared" }, runs.map((run, i) => chip(runs, run, i)));
    const folded = runs.length > FOLDED ? h("details", { class: "fold" }, h("summary", {}, `${runs.length} runs`), chips) : chips;
    const copy = h("button", { type: "button", class: "button", "data-key": "link", title: "A link to this comparison, which says of which commit it is", onclick: () => copyLink(copy) }, "Copy link");
    return h("div", { class: "choice" }, folded,
      h("div", { class: "choice-tools" },
        h("button", { type: "button", class: "button", "data-key": "add", onclick: add }, "Add run"),
        runs.length > 1 ? baselines(runs) : null,
        copy));
  }

  function chip(runs, run, i) {
    return h("li", {}, swatch(i), h("a", { href: gitrack.root + run.page, title: run.experiment + " / " + run.name }, h("bdi", {}, run.name)),
      standing(run), i === 0 && runs.length > 1 ? h("span", { class: "base", title: "the others are measured against it" }, "baseline") : null,
      h("button", { type: "button", class: "remove", "data-key": "remove:" + run.id, "aria-label": "Remove " + run.name, onclick: () => remove(runs, run) }, "×"));
  }

  function standing(run) {
    const there = marks.stages.filter(([, stage, , id]) => id === run.id && stage !== "archived");
    return there.map(([model, stage, version, , , , why]) => h("a", { class: "word", href: gitrack.root + why, title: `${model} v${version}: why it stands there` }, h("bdi", {}, stage)));
  }

  /** References give way to the runs they meant once one of these is taken away. */
  function remove(runs, run) {
    choose({ runs: runs.filter((other) => other !== run).map((other) => other.id), base: null, with: null });
  }

  function baselines(runs) {
    const options = [
      ...runs.slice(0, 60).map((run) => [run.id, run.name]),
      ...marks.stages.filter(([, stage]) => stage !== "archived").map(([model, stage]) => [`@${stage}:${model}`, `${stage} of ${model}`]),
      ...marks.best.map(([experiment]) => ["@best:" + experiment, "best of " + experiment]),
    ];
    const now = state.base && options.some(([value]) => value === state.base) ? state.base : runs[0].id;
    const list = h("select", { "data-key": "base" }, options.map(([value, label]) => h("option", { value, selected: value === now }, label)));
    list.addEventListener("change", () => choose({ base: list.value, with: null }));
    return h("label", { class: "choice-base" }, "Baseline", list);
  }

  async function copyLink(button) {
    const link = gitrack.compare.permalink();
    try {
      await navigator.clipboard.writeText(link);
      button.textContent = "Copied";
    } catch (refused) {
      const field = h("input", { class: "link-field", readonly: true, value: link, "aria-label": "Link to this comparison" });
      button.after(field);
      field.select();
      return;
    }
    setTimeout(() => { button.textContent = "Copy link"; }, 1200);
  }

  function swatch(i) {
    const { colour, dash } = gitrack.style(i);
    return h("span", { class: "swatch", style: `color: var(${colour})` + (dash[1] ? "; border-top-style: dashed" : "") });
  }

  function alone(alike) {
    return h("div", { class: "blank" }, h("p", {}, (alike ? "What was asked for is one and the same run. " : "") + "Add a second run to see what differs."));
  }

  /** The metric that the comparison is about: the asked one, else what ranks the experiment. */
  function measureOf(runs) {
    const goals = new Map(runs.flatMap((run) => run.metrics.map(([name, , goal]) => [name, goal])));
    const known = marks.best.find(([experiment]) => experiment === runs[0].experiment);
    const first = [...goals].find(([name, goal]) => goal && runs.every((run) => run.metrics.some(([own]) => own === name)));
    const name = [state.metric, known && known[1], first && first[0], [...goals.keys()][0]].find((one_) => one_ && goals.has(one_));
    return name ? { name, goal: goals.get(name) || null } : null;
  }

  /** The run that is held against the baseline where only two can be: the chosen, or the best. */
  function theOther(runs) {
    const asked = runs.slice(1).find((run) => run.id === state.with);
    const measure = measureOf(runs);
    if (asked || runs.length < 3 || !measure) return asked || runs[1] || null;
    const value = (run) => gitrack.compare.metric(run, measure.name);
    const ranked = runs.slice(1).filter((run) => Number.isFinite(value(run))).sort((a, b) => (measure.goal === "minimize" ? value(a) - value(b) : value(b) - value(a)));
    return ranked[0] || runs[1];
  }

  /** A run's value of a metric, or null. */
  function metric(run, name) {
    const found = run.metrics.find(([own]) => own === name);
    return found ? gitrack.toNumber(found[1]) : null;
  }

  /** The baseline and the best, so many in all, each at its own place: the others are holes. */
  function foremost({ runs, measure }, most) {
    if (runs.length <= most) return runs;
    const value = (run) => (measure ? metric(run, measure.name) : null);
    const rank = [...runs.keys()].filter((i) => i && Number.isFinite(value(runs[i]))).sort((a, b) => (measure.goal === "minimize" ? 1 : -1) * (value(runs[a]) - value(runs[b])));
    const others = [...runs.keys()].filter((i) => i && !rank.includes(i));
    const kept = new Array(runs.length);
    for (const i of [0, ...rank, ...others].slice(0, most)) kept[i] = runs[i];
    return kept;
  }

  nobody.querySelector("button").addEventListener("click", add);

  function start() {
    gitrack.compare.read();
    draw();
  }
  Object.assign(gitrack.compare, { metric, foremost });
  gitrack.compare.start = start;
  window.addEventListener("hashchange", start);
  window.addEventListener("gitrack-build", () => { if (state.at && place.childElementCount) draw(); }, { once: true });
})();
