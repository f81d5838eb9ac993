/* While `gitrack site serve` shows the site: pages renew themselves when it was built again, and
   say which runs are being written. The server puts this script into pages; no built page has it. */
(function () {
  "use strict";
  const { h } = gitrack;
  const EVERY = 1500;
  const page = document.body.dataset.page;
  let built = null;
  let shown = "";

  /** Ask the server for a script, which calls one of the functions of `gitrack.live`. */
  function ask(path) {
    return new Promise((resolve) => {
      const script = h("script", { src: gitrack.root + path });
      const done = () => { script.remove(); resolve(); };
      script.addEventListener("load", done);
      script.addEventListener("error", done);
      document.head.append(script);
    });
  }

  /** Call `ask` for a path again and again, while somebody looks at the page. */
  async function keepAsking(path) {
    if (!document.hidden) await ask(path());
    setTimeout(() => keepAsking(path), EVERY);
  }

  /** Whoever writes, marks text or has a menu open is not interrupted. */
  function busy() {
    const at = document.activeElement;
    return document.querySelector("dialog[open]") !== null
      || !document.getSelection().isCollapsed
      || (at !== null && at.matches("input:not([type=checkbox]), textarea, select"));
  }

  const STATES = { running: "running", starting: "starting", finished: "is being committed", dead: "interrupted" };

  function row(run) {
    const metrics = run.metrics.map(([name, value]) => h("span", { class: "live-value" }, h("span", { class: "metric-name" }, gitrack.name(name)), gitrack.number(value)));
    return h("tr", {},
      h("th", { scope: "row" }, gitrack.runLink(run.name, run.page, run.state === "dead" ? "killed" : "running"),
        run.state === "running" ? null : [" ", h("span", { class: "word" }, STATES[run.state])]),
      h("td", { class: "wide-only" }, h("bdi", {}, run.experiment)),
      h("td", { class: "num" }, run.step === null ? "–" : run.step.toLocaleString("en")),
      h("td", { class: "num" }, metrics.length ? metrics : "–"),
      h("td", { class: "when" }, run.started ? gitrack.time(run.started) : "–"));
  }

  /** The section about running runs: on the overview, on the list of runs, and on experiments. */
  function list(runs) {
    const old = document.getElementById("live-running");
    if (!runs.length) {
      if (old) old.remove();
      return;
    }
    const at = old && old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const head = ["Run", "Experiment", "Step", "Latest values", "Started"];
    const classes = [null, "wide-only", "num", "num", "when"];
    const section = h("section", { id: "live-running", class: "live-running", "aria-labelledby": "live-running-title" },
      h("h2", { id: "live-running-title" }, "Running now"),
      h("div", { class: "scroll", role: "group", "aria-labelledby": "live-running-title", tabindex: "0" },
        h("table", { class: "list" },
          h("thead", {}, h("tr", {}, head.map((word, i) => h("th", { scope: "col", class: classes[i] }, word)))),
          h("tbody", {}, runs.map(row)))));
    if (old) old.replaceWith(section);
    else {
      const first = document.querySelector("main > header.head");
      if (first) first.after(section);
      else document.querySelector("main").prepend(section);
    }
    if (at) for (const link of section.querySelectorAll("a")) if (link.getAttribute("href") === at) link.focus();
  }

  /** The count in the bar of every page. */
  function count(runs) {
    const old = document.getElementById("live-count");
    const words = runs.length + " running";
    if (!runs.length || page === "live") {
      if (old) old.remove();
      return;
    }
    const href = gitrack.root + (runs.length === 1 ? runs[0].page : "index.html#live-running");
    const link = h("a", { id: "live-count", class: "live-count", href }, h("span", { class: "dot running", "aria-hidden": "true" }), words);
    if (old && old.getAttribute("href") === href && old.textContent === words) return;
    if (old) old.replaceWith(link);
    else document.querySelector("[data-goto]").before(link);
  }

  gitrack.live = {
    ask,
    keepAsking,
    now(told) {
      if (built === null) built = told.built;
      if (told.built !== built && page !== "live" && !busy()) {
        built = told.built;
        window.location.reload();
        return;
      }
      const text = JSON.stringify(told.runs);
      if (text === shown) return;
      shown = text;
      count(told.runs.filter((run) => run.state === "running" || run.state === "starting"));
      if (page === "overview" || window.location.pathname === "/runs.html") list(told.runs);
      else if (page === "experiment") list(told.runs.filter((run) => window.location.pathname === "/" + run.of));
    },
  };
  keepAsking(() => "live/now.js?" + Date.now());
})();
