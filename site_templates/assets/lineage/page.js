/* The page of the lineage. Its state is in the address: `#model/churn&only`, `#data/flights&map`. */
document.addEventListener("DOMContentLoaded", function () {
  "use strict";

  const page = document.querySelector("[data-lineage]");
  const given = gitrack.lineageGiven;
  const { classList } = document.documentElement;
  if (!page || !given) {
    classList.remove("aimed");
    return;
  }

  const { h } = gitrack;
  const { graph, named, related, settle } = gitrack.graphs;
  const wholes = { nodes: graph(given.nodes), map: graph(given.map) };
  const counts = new Map(gitrack.lineageCounted || []);
  const canvas = page.querySelector("[data-canvas]");
  const panel = page.querySelector("[data-panel]");
  const hint = [...panel.childNodes];
  const [only, clear, find] = ["[data-only]", "[data-clear]", "[data-find]"].map((name) => page.querySelector(name));
  const KINDS = { data: "Data", stage: "Stage of a pipeline", run: "Run", runs: "Runs", named: "Artifact", version: "Model" };
  const MOST = 12;
  let state = { view: given.start, key: null, only: false };
  let shown = null;

  /* Runs that are drawn one by one belong to their experiment on the map. */
  const single = new Map();
  for (const item of wholes.nodes.items) {
    if (item.kind === "run") single.set(item.group, (single.get(item.group) || 0) + 1);
  }
  function sub(item) {
    if (item.kind !== "runs") return item.sub;
    const folded = counts.get(item.key) || 0;
    if (state.view === "nodes") return folded ? folded + " other run" + (folded === 1 ? "" : "s") : item.sub;
    const all = folded + (single.get(item.at) || 0);
    return all + " run" + (all === 1 ? "" : "s");
  }

  // -- the address ---------------------------------------------------------------------------

  function read() {
    let [key, ...words] = location.hash.slice(1).split("&");
    /* A run that nothing came of is not drawn by itself: it stands among others. */
    const among = (words.find((word) => word.startsWith("among=")) || "").slice("among=".length);
    const there = (one, name) => named(one, name).length > 0;
    const others = key && among && !Object.values(wholes).some((one) => there(one, key)) && [among, "experiments"].find((name) => there(wholes.nodes, name));
    const folded = Boolean(others);
    if (folded) key = others;
    const asked = words.find((word) => Object.hasOwn(wholes, word));
    const away = Object.keys(wholes).find((view) => view !== given.start && named(wholes[view], key).length);
    const found = key && !named(wholes[given.start], key).length && away;
    const close = words.includes("only") && key && named(wholes.nodes, key).length ? "nodes" : null;
    return { key: key || null, only: words.includes("only"), view: asked || close || found || given.start, folded };
  }

  function write(next) {
    const words = [next.key || "", ...(next.only ? ["only"] : []), ...(next.view !== given.start || next.only ? [next.view] : [])];
    const hash = words.join("&");
    const address = hash ? "#" + hash : location.pathname + location.search;
    if (hash !== location.hash.slice(1)) history.pushState(null, "", address);
    show({ ...next, folded: false });
  }

  // -- drawing -------------------------------------------------------------------------------

  function show(next) {
    const before = shown;
    state = next;
    const whole = wholes[state.view];
    const chosen = state.key ? named(whole, state.key) : [];
    const kin = related(chosen);
    const narrowed = state.only && chosen.length > 0;
    const same = before && before.view === state.view && before.narrowed === narrowed && (!narrowed || before.key === state.key);
    if (!same) {
      const settled = narrowed
        ? settle(kin.items, kin.links)
        : { places: new Map(whole.items.map((item) => [item, [item.layer, item.height]])), layers: whole.layers, height: whole.height };
      shown = {
        ...settled, view: state.view, narrowed, items: narrowed ? kin.items : whole.items,
        links: narrowed ? kin.links : whole.links, bends: !narrowed, boxes: new Map(), paths: new Map(),
      };
      canvas.replaceChildren(gitrack.drawGraph(shown, sub));
    }
    shown.key = state.key;
    canvas.firstElementChild.classList.toggle("choosing", chosen.length > 0 && !narrowed);
    for (const [item, box] of shown.boxes) {
      box.classList.toggle("on", kin.items.has(item));
      box.classList.toggle("chosen", chosen.includes(item));
      box.setAttribute("tabindex", "-1");
      if (chosen.includes(item)) box.setAttribute("aria-current", "true");
      else box.removeAttribute("aria-current");
    }
    for (const [link, path] of shown.paths) path.classList.toggle("on", kin.links.has(link));
    const entry = shown.boxes.get(chosen[0]) || shown.boxes.get(shown.order[0]);
    if (entry) entry.setAttribute("tabindex", "0");
    only.disabled = clear.disabled = !chosen.length;
    only.setAttribute("aria-pressed", String(narrowed));
    for (const button of page.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
    tell(chosen);
  }

  // -- the panel -----------------------------------------------------------------------------

  const choose = (item) => write({ ...state, key: item.key });

  function listed(title, links, end) {
    if (!links.length) return null;
    return [h("h3", {}, title), h("ul", {}, links.slice(0, MOST).map((link) =>
      h("li", {}, h("button", { type: "button", onclick: () => choose(link[end]) }, h("bdi", {}, link[end].label)),
        link.word ? h("span", { class: "aside" }, h("bdi", {}, link.word)) : null)),
    links.length > MOST ? h("li", { class: "note" }, "and " + (links.length - MOST) + " more") : null)];
  }

  function tell(chosen) {
    if (!chosen.length) {
      panel.replaceChildren(...(state.key ? [h("p", { class: "note" }, "This is not in the picture: nothing that is drawn comes of it.")] : hint));
      return;
    }
    if (chosen.length > 1) {
      panel.replaceChildren(h("p", { class: "eyebrow" }, KINDS[chosen[0].kind]),
        h("h2", {}, chosen.length + " versions"),
        h("ul", {}, chosen.slice(0, 30).map((item) => h("li", {}, h("button", { type: "button", onclick: () => choose(item) }, h("bdi", {}, item.label)),
          item.words.map((word) => [" ", h("span", { class: "word" }, h("bdi", {}, word))])))));
      return;
    }
    const [item] = chosen;
    const about = sub(item);
    panel.replaceChildren(...[
      state.folded ? h("p", { class: "note" }, "The run is one of these: nothing that is drawn came of it by itself.") : null,
      h("p", { class: "eyebrow" }, KINDS[item.kind] + (item.known ? "" : ", not on this branch")),
      h("h2", {}, item.href ? h("a", { href: gitrack.root + item.href }, h("bdi", {}, item.label)) : h("bdi", {}, item.label)),
      item.words.length ? h("p", { class: "words" }, item.words.map((word) => h("span", { class: "word" }, h("bdi", {}, word)))) : null,
      item.facts.length ? h("dl", {}, item.facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, h("bdi", {}, value))])) : about && item.kind === "runs" ? h("p", {}, h("bdi", {}, about)) : null,
      listed("Comes from", item.into, "source"),
      listed("Came of it", item.out, "target"),
    ].flat().filter(Boolean));
  }

  // -- pointers and keys ---------------------------------------------------------------------

  const itemOf = (target) => {
    const box = target.closest && target.closest("a.box");
    return box ? [...shown.boxes].find(([, one]) => one === box)[0] : null;
  };

  canvas.addEventListener("click", (event) => {
    const item = itemOf(event.target);
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (item) {
      event.preventDefault();
      choose(item);
      shown.boxes.get(item)?.focus({ preventScroll: true });
    }
  });

  function beside(item, key) {
    const [layer, height] = shown.places.get(item);
    const closest = (items) => items.filter((one) => shown.places.has(one))
      .sort((a, b) => Math.abs(shown.places.get(a)[1] - height) - Math.abs(shown.places.get(b)[1] - height))[0];
    if (key === "ArrowLeft") return closest(item.into.map((link) => link.source));
    if (key === "ArrowRight") return closest(item.out.map((link) => link.target));
    const column = shown.order.filter((one) => shown.places.get(one)[0] === layer);
    return column[column.indexOf(item) + (key === "ArrowDown" ? 1 : -1)];
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { write({ ...state, key: null, only: false }); return; }
    const item = itemOf(event.target);
    if (!item || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const next = beside(item, event.key);
    if (!next) return;
    for (const box of shown.boxes.values()) box.setAttribute("tabindex", "-1");
    shown.boxes.get(next).setAttribute("tabindex", "0");
    shown.boxes.get(next).focus();
  });

  for (const button of page.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      const view = button.dataset.view;
      if (view === state.view) return;
      const [item] = state.key ? named(wholes[state.view], state.key) : [];
      const key = !item ? state.key : view === "map" ? wholes.map.items[item.group].key : state.key;
      write({ view, key, only: state.only });
    });
  }
  only.addEventListener("click", () => write({ ...state, only: !state.only }));
  clear.addEventListener("click", () => write({ ...state, key: null, only: false }));
  document.getElementById("lineage-names").append(...[...new Set(wholes.nodes.items.concat(wholes.map.items).map((item) => item.label))].map((label) => h("option", { value: label })));
  find.addEventListener("change", () => {
    const text = find.value.trim().toLowerCase();
    const views = [state.view, ...Object.keys(wholes).filter((view) => view !== state.view)];
    for (const match of [(label) => label === text, (label) => label.includes(text)]) {
      for (const view of views) {
        const item = text && wholes[view].items.find((one) => match(one.label.toLowerCase()));
        if (item) {
          write({ ...state, view, key: item.key });
          shown.boxes.get(item)?.scrollIntoView({ block: "center", inline: "center" });
          return;
        }
      }
    }
  });
  window.addEventListener("popstate", () => show(read()));
  window.addEventListener("hashchange", () => show(read()));

  show(read());
  classList.remove("aimed");
  const [first] = state.key ? named(wholes[state.view], state.key) : [];
  if (first && shown.boxes.has(first)) shown.boxes.get(first).scrollIntoView({ block: "nearest", inline: "center" });
});
