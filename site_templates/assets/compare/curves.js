/* The curves of all runs in one chart a metric. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { state, change, sections } = gitrack.compare;

  const MOST = 24;

  function draw(inside, context, title) {
    const runs = gitrack.compare.foremost(context, MOST);
    const drawn = runs.filter((run) => run.history);
    if (!drawn.length) return false;
    const sampled = drawn.filter((run) => run.history.sampled_from);
    const told = [context.runs.length > MOST ? `of the ${MOST} best of ${context.runs.length} runs` : "", sampled.length ? "thinned, with the lowest and the highest of each metric; a run's page has the rest, or how to fetch it" : ""].filter(Boolean);
    title.replaceChildren("Curves", told.length ? h("span", { class: "aside" }, told.join("; ")) : "");
    const start = {
      weight: Math.min(0.98, Math.max(0, Number(state.smooth) || 0)), log: state.log, logX: state.logx,
      x: ["relative", "wall"].includes(state.x) ? state.x : "step", best: state.best,
    };
    const changed = (now) => change({ smooth: now.weight ? String(now.weight) : null, log: now.log, logx: now.logX, x: now.x === "step" ? null : now.x, best: now.best });
    return gitrack.curves(inside, runs, { byRun: true, start, changed }) > 0;
  }

  sections.push({ id: "curves", title: "Curves", draw });
})();
