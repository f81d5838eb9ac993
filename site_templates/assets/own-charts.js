/* Charts of the project, drawn where scripts run: what they hold was checked at the build, and
   here nothing is fetched, no link is followed and no expression is compiled. */
(function () {
  "use strict";
  const { h } = gitrack;
  const given = new Map();
  gitrack.charted = (place, spec) => given.set(place, spec);

  const refuse = () => Promise.reject(new Error("this site fetches nothing"));
  const CLOSED = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

  const ORDINAL = { light: { scheme: "blues", extent: [0.4, 1] }, dark: { scheme: "blues", extent: [0.7, 0.1] } };

  function config() {
    const soft = gitrack.css("--ink-3");
    const line = gitrack.css("--line");
    const edge = gitrack.css("--line-2");
    const category = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => gitrack.css("--series-" + n));
    return {
      background: null,
      font: getComputedStyle(document.body).fontFamily,
      view: { stroke: null, continuousWidth: 520, continuousHeight: 280 },
      range: { category, ordinal: ORDINAL[gitrack.dark() ? "dark" : "light"] },
      mark: { color: category[0] },
      axis: { labelColor: soft, labelFontSize: 12, labelSeparation: 5, titleColor: soft, titleFontSize: 12, titleFontWeight: 400, gridColor: line, domainColor: edge, tickColor: edge },
      axisY: { domain: false, ticks: false },
      legend: { labelColor: soft, labelFontSize: 12, titleColor: soft, titleFontSize: 12, titleFontWeight: 400, labelLimit: 260 },
      title: { color: soft },
    };
  }

  /** A chart that says no width is as wide as its place; its legend is beneath in a small one. */
  function fitted(ours, room) {
    const narrow = room < 560;
    ours.view.continuousWidth = Math.max(180, Math.min(760, room - (narrow ? 100 : 220)));
    if (narrow) ours.legend.orient = "bottom";
    return ours;
  }

  /** What is under the pointer, as text. */
  const tip = h("div", { class: "chart-tip", "aria-hidden": "true", hidden: true });
  function tell(_, event, __, value) {
    const shown = value !== null && value !== undefined && value !== "";
    tip.hidden = !shown;
    if (!shown) return;
    tip.textContent = typeof value === "object"
      ? Object.entries(value).map(([name, one]) => name + ": " + (typeof one === "object" ? JSON.stringify(one) : one)).join("\n")
      : String(value);
    tip.style.left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = event.clientY + 14 + "px";
  }

  async function draw(figure) {
    const place = figure.dataset.chart;
    await Promise.all([gitrack.load("assets/vega.js"), gitrack.load(place)]);
    const pictures = figure.querySelector(".drawn-twice");
    const plot = h("div", { class: "plot", role: "img", "aria-label": pictures.getAttribute("aria-label") });
    let drawn = null;
    const again = async () => {
      const fresh = h("div", {});
      const spec = structuredClone(given.get(place));
      spec.config = { ...spec.config, ...merged(fitted(config(), figure.clientWidth), spec.config || {}) };
      const { view } = await window.vegaEmbed(fresh, spec, {
        ast: true, actions: false, renderer: "svg", loader: CLOSED, tooltip: tell, defaultStyle: false, mode: "vega-lite",
      });
      for (const svg of fresh.querySelectorAll("svg")) svg.setAttribute("aria-hidden", "true");
      plot.replaceChildren(fresh);
      if (drawn) drawn.finalize();
      drawn = view;
    };
    await again();
    pictures.hidden = true;
    pictures.after(plot);
    gitrack.onTheme.push(again);
    window.addEventListener("beforeprint", () => { pictures.hidden = false; plot.hidden = true; });
    window.addEventListener("afterprint", () => { pictures.hidden = true; plot.hidden = false; });
  }

  /** Theirs over ours, one level deep, as the build does it. */
  function merged(ours, theirs) {
    const both = { ...ours };
    const isMap = (value) => value && typeof value === "object" && !Array.isArray(value);
    for (const [key, value] of Object.entries(theirs)) both[key] = isMap(value) && isMap(ours[key]) ? { ...ours[key], ...value } : value;
    return both;
  }

  document.body.append(tip);
  const watcher = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      draw(target).catch(() => {}); /* the picture of the build stays */
    }
  }, { rootMargin: "300px" });
  for (const figure of document.querySelectorAll("[data-chart]")) watcher.observe(figure);
})();
