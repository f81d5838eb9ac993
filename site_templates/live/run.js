/* The page of a run that is being written: asks for what has come, and leaves when it has ended. */
(function () {
  "use strict";
  const { h } = gitrack;
  const find = (id) => document.getElementById(id);
  const holder = find("live-curves");
  const id = holder.dataset.run;
  const over = find("live-over");
  const log = find("live-log");
  let data = null;

  function curves() {
    if (!data) return;
    const places = data[over.value];
    const how = { log: log.checked, over: over.value === "steps" ? "steps" : "seconds" };
    holder.replaceChildren(...data.curves.map(([name, values]) => gitrack.liveCurve(name, places, values, how)));
    find("live-curves-section").hidden = !data.curves.length;
    find("live-thinned").textContent = data.of ? `${data.steps.length} of ${data.of.toLocaleString("en")} points, with the lowest and highest` : "";
  }

  function table(id, pairs) {
    const body = find(id) && find(id).tBodies[0];
    if (!body) return;
    body.replaceChildren(...pairs.map(([name, value]) => h("tr", {},
      h("th", { scope: "row" }, h("bdi", {}, name)),
      h("td", { class: "num tabular", title: String(value) }, gitrack.number(value)))));
  }

  function show(told) {
    data = told;
    const system = ([name]) => name.startsWith("system/");
    find("live-step").textContent = told.step === null ? "–" : told.step.toLocaleString("en");
    find("live-last").replaceChildren(gitrack.time(told.last));
    table("live-metrics", told.metrics.filter((pair) => !system(pair)));
    table("live-system", told.metrics.filter(system));
    find("live-no-metrics").hidden = told.metrics.length > 0;
    curves();
    find("live-columns").classList.remove("waiting"); /* curves, or none, have their room now */
  }

  Object.assign(gitrack.live, {
    run: (told) => { if (told.id === id) show(told); },
    same() { if (data) find("live-last").replaceChildren(gitrack.time(data.last)); },
    ended(told) {
      if (told.id !== id) return;
      find("live-columns").classList.remove("waiting");
      if (told.page) window.location.replace(gitrack.root + told.page);
      else find("live-note").textContent = "This run has ended; its page is being built.";
    },
  });
  over.addEventListener("change", curves);
  log.addEventListener("change", curves);
  gitrack.live.keepAsking(() => holder.dataset.source + "?since=" + (data ? data.version : "") + "&at=" + Date.now());
})();
