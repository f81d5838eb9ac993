/* The answer first: which is better, how sure that is, and what could explain it. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { sections, signed } = gitrack.compare;

  function draw(inside, context, title) {
    const { other, measure } = context;
    title.textContent = "In short";
    if (!other) return false;
    const left = h("div", { class: "answer" }, choices(context), measure ? answer(context) : h("p", {}, "None of these runs has a metric."));
    const why = h("div", { class: "explained" }, h("h3", {}, "What could explain the difference"), h("p", { class: "note" }, "Looking…"));
    inside.replaceChildren(h("div", { class: "short" }, left, why));
    const known = sure(left, context);
    /* Settled when the room that it takes is known. */
    return Promise.all([known, gitrack.compare.causes(context)]).then(([, found]) => {
      if (!context.alive()) return true;
      why.lastChild.replaceWith(gitrack.compare.causeList(found), h("p", { class: "note" }, gitrack.compare.telling(context) ? "What these runs show themselves comes first, then what is known to move results." : "Ranked by what is known to move results; nothing was run again."));
      return true;
    });
  }

  function choices({ runs, base, other, measure, choose }) {
    const names = new Set(runs.flatMap((run) => run.metrics.map(([name]) => name)));
    const metrics = h("select", { "data-key": "metric" }, [...names].map((name) => h("option", { value: name, selected: measure && name === measure.name }, name)));
    metrics.addEventListener("change", () => choose({ metric: metrics.value }));
    const against = h("select", { "data-key": "with" }, runs.slice(1, 200).map((run) => h("option", { value: run.id, selected: run === other }, run.name)));
    against.addEventListener("change", () => choose({ with: against.value }));
    return h("div", { class: "compare-tools" },
      measure ? h("label", {}, "By", metrics) : "",
      runs.length > 2 ? h("label", {}, "Hold", against, h("span", {}, "against ", h("bdi", {}, base.name))) : "");
  }

  function answer({ base, other, measure, runs }) {
    const [from, to] = [base, other].map((run) => gitrack.compare.metric(run, measure.name));
    const name = (run) => h("strong", {}, h("span", { class: "swatch-here" }, swatchOf(runs.indexOf(run))), h("bdi", {}, run.name));
    if (from === null || to === null || !Number.isFinite(to - from)) {
      return h("p", { class: "claim" }, name(from === null ? base : other), " has no value of ", h("bdi", {}, measure.name), ", so it cannot say.");
    }
    const away = gitrack.compare.away(from, to);
    const better = measure.goal ? (measure.goal === "maximize") === (away > 0) : null;
    const words = away === 0 ? ["is as good as"] : better === null ? [away > 0 ? "is higher than" : "is lower than"] : [better ? "is better than" : "is worse than"];
    const decimals = gitrack.decimals([from, to]);
    return h("div", {},
      h("p", { class: "claim" }, name(other), " ", h("span", { class: "claim-word" }, ...words), " ", name(base), "."),
      h("p", { class: "figures" }, h("span", { class: "best-value" }, away === 0 ? "±0" : signed(away)), h("span", { class: "about" },
        h("span", { class: "metric" }, h("bdi", {}, measure.name), gitrack.compare.arrow(measure.goal)),
        h("span", {}, gitrack.number(from, decimals), " → ", gitrack.number(to, decimals), from ? ` (${signed((away / Math.abs(from)) * 100)} %)` : ""))));
  }

  const swatchOf = (i) => {
    const { colour, dash } = gitrack.style(i);
    return h("span", { class: "swatch", style: `color: var(${colour})` + (dash[1] ? "; border-top-style: dashed" : "") });
  };

  /** How sure: the paired test where there are predictions, the spread of seeds where there are replicates. */
  function sure(left, context) {
    const place = h("div", { class: "sure", role: "status" });
    left.append(place);
    place.append(...replicates(context));
    const told = (found) => { if (context.alive()) said(found, left, place, context); };
    const found = gitrack.compare.exact(context, context.measure && kindOf(context.measure));
    if (found) return told(found);
    const asked = gitrack.compare.evidence(context).then(told);
    if (!gitrack.compare.pairable(context)) return asked;
    /* DeLong's interval takes a moment, thousands of draws take seconds: they have their room already. */
    left.classList.add("drawing");
    return null;
  }

  function said(found, left, place, { measure }) {
    if (found && found.rows) {
      place.append(...tested(found, measure));
      const told = measure && found.rows.find((one) => one.key === kindOf(measure));
      const words = left.querySelector(".claim-word");
      /* What chance alone may have done is not called better. */
      if (words && told && told.low !== null && !gitrack.compare.verdictOf(told)) words.textContent = "cannot be told apart from";
    }
    else if (found) place.append(h("p", {}, "No paired test: ", found.why, "."));
    else if (!place.childElementCount) place.append(h("p", { class: "note" }, "Whether this is more than chance is not known: repeat both runs with other seeds, or log their predictions with ", h("code", {}, "run.log_predictions(…)"), " on the same cases."));
  }

  /* Which measure of the predictions a metric is, by its name. */
  const KINDS = [["roc_auc", /auroc|roc|(?:^|[_/.-])auc(?:$|[_/.-])/], ["average_precision", /pr_?auc|auc_?pr|average_precision|(?:^|_)ap$/], ["log_loss", /log_?loss|cross_?entropy|nll/], ["brier", /brier/], ["accuracy", /acc/], ["f1", /f1/], ["precision", /precision/], ["recall", /recall|sensitivity/], ["rmse", /rmse|root_mean/], ["mse", /mse|squared/], ["mae", /mae|absolute/], ["r2", /r2|r_squared/]];

  function kindOf(measure) {
    const name = measure.name.toLowerCase();
    return (/pr_?auc|auc_?pr/.test(name) ? KINDS[1] : KINDS.find(([, words]) => words.test(name)) || [])[0];
  }

  function tested(found, measure) {
    const row = (measure && found.rows.find((one) => one.key === kindOf(measure))) || found.rows[0];
    if (!row || row.low === null) return [];
    const word = gitrack.compare.verdictOf(row);
    const cases = found.paired.toLocaleString("en") + (found.paired < found.cases ? ` of ${found.cases.toLocaleString("en")}` : "");
    return [h("p", {}, h("span", { class: "word " + (word === "better" ? "finished" : word === "worse" ? "failed" : "warn") }, word ? "more than chance" : "not told apart"), " ",
      `On ${cases} shared cases ${row.name} differs by ${signed(row.difference)}, with 95 % certainty by ${gitrack.compare.interval(row)} (${row.how}${row.p === undefined ? "" : `, p ${row.p < 0.001 ? "< 0.001" : "= " + row.p.toFixed(3)}`}).`)];
  }

  /** What runs of the same settings with other seeds say of chance. */
  function replicates({ runs, base, other, measure }) {
    if (!measure) return [];
    const keys = new Map([...new Set([...runs, base, other])].map((run) => [run, JSON.stringify([run.experiment, run.params.filter(([name]) => !gitrack.compare.isSeed(name)), run.data])]));
    const key = (run) => keys.get(run);
    const groups = [base, other].map((run) => runs.filter((one) => key(one) === key(run)).map((one) => gitrack.compare.metric(one, measure.name)).filter(Number.isFinite));
    if (key(base) === key(other)) return [h("p", {}, h("span", { class: "word warn" }, "same settings"), " The two differ by their seeds alone, as far as it is recorded: this is what chance does.")];
    if (groups.every((values) => values.length < 2)) return [];
    const said = groups.map((values) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const spread = values.length > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) : null;
      return { mean, spread, count: values.length };
    });
    const text = ({ mean, spread, count }) => `${gitrack.number(mean)}${spread === null ? "" : " ± " + gitrack.number(Number(spread.toPrecision(2)))} (${count} ${count === 1 ? "run" : "runs"})`;
    return [h("p", {}, h("span", { class: "word" }, "other seeds"), ` With all runs of the same settings here: ${text(said[0])} against ${text(said[1])}.`)];
  }

  sections.push({ id: "verdict", title: "In short", least: 2, draw });
})();
