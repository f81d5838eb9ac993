/* A run's page beyond what stands in it: its places among the others, its curves in every step,
   its packages. Whoever has no scripts misses no fact of the run. */
(function () {
  "use strict";
  const { h } = gitrack;

  /** How the runs of the experiment stand: [[metric, best values, [[value, place], …], runs], …]. */
  gitrack.places = (told) => {
    const known = new Map(told.map(([name, ...rest]) => [name, rest]));
    for (const spot of document.querySelectorAll("[data-place-of]")) {
      const found = known.get(spot.dataset.placeOf);
      const said = found && placed(gitrack.toNumber(spot.dataset.value), ...found);
      if (!said) continue;
      spot.textContent = said.text;
      spot.classList.toggle("first", said.place === 1);
    }
  };

  function placed(value, best, marks, count) {
    if (!Number.isFinite(value) || count < 2) return null;
    const values = best.map(gitrack.toNumber);
    const upwards = values[0] >= values[values.length - 1];
    const better = (one) => (upwards ? one > value : one < value);
    const before = values.filter(better).length;
    if (before < values.length || count === values.length) return { place: before + 1, text: `${before + 1} of ${count.toLocaleString("en")}` };
    const last = marks.filter(([one]) => better(gitrack.toNumber(one))).pop();
    const place = last ? last[1] + 1 : before + 1;
    const exact = marks.length < 2 || marks[1][1] - marks[0][1] === 1;
    return { place, text: `${exact ? "" : "about "}${place.toLocaleString("en")} of ${count.toLocaleString("en")}` };
  }

  /* The library that draws what can be moved is large: it comes when somebody asks for it. */
  const explore = document.querySelector("[data-explore]");
  const curves = document.getElementById("run-curves");
  async function open() {
    explore.disabled = true;
    explore.textContent = "Loading…";
    try {
      const [run] = await Promise.all([gitrack.fetchRun(curves.dataset.run), gitrack.load("assets/charts.js")]);
      gitrack.curves(curves, [run], { byRun: false });
      const first = curves.querySelector("input, select, button");
      if (first) first.focus({ preventScroll: true });
      explore.remove();
    } catch (trouble) {
      explore.textContent = "The steps of this run are not on this site";
    }
  }
  if (explore) explore.addEventListener("click", open);

  for (const details of document.querySelectorAll("[data-packages]")) {
    details.addEventListener("toggle", async () => {
      if (!details.open || details.querySelector("ul")) return;
      const path = details.dataset.packages;
      const listed = await gitrack.fetchOnce("packages:" + path, path);
      details.append(h("ul", { class: "packages" }, listed.map(([name, version]) =>
        h("li", {}, h("code", {}, h("bdi", {}, version === "installed" ? name : name + "==" + version))))));
    });
  }
})();
