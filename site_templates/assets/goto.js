/* "Go to…": one key away from every model, experiment and run. Also picks the runs to compare. */
(function () {
  "use strict";
  const { h } = gitrack;
  const MOST = 60;

  async function list({ experiments }) {
    const index = await gitrack.fetchOnce("index", "data/index.js");
    return [
      ...(experiments ? index.models.map(([name, page, versions]) => ({ name, page, kind: "model, " + versions + (versions === 1 ? " version" : " versions"), search: name })) : []),
      ...(experiments ? index.experiments.map(([name, page, runs]) => ({ name, page, kind: runs + (runs === 1 ? " run" : " runs"), search: name })) : []),
      ...index.runs.map(([id, name, experiment, status, page]) => ({ id, name, page, status, kind: experiment, search: name + " " + experiment + " " + id })),
    ].map((entry) => ({ ...entry, search: entry.search.toLowerCase() }));
  }

  /** Ask for a run (or, with `experiments`, also an experiment or a model); resolves to what was chosen, or null. */
  function pick({ experiments, label }) {
    let entries = null;
    return new Promise((resolve) => {
      let shown = [];
      let at = 0;
      const items = h("ul", { role: "listbox", id: "goto-list", "aria-label": label });
      const none = h("p", { class: "none", hidden: true }, "Nothing by that name.");
      const input = h("input", { type: "text", placeholder: label, "aria-label": label, role: "combobox", "aria-expanded": "true", "aria-controls": "goto-list", autocomplete: "off", spellcheck: "false" });
      const dialog = h("dialog", { class: "goto", "aria-label": label }, input, items, none);

      const finish = (entry) => {
        dialog.close();
        dialog.remove();
        resolve(entry);
      };
      const mark = () => {
        [...items.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
        const item = items.children[at];
        if (item) {
          input.setAttribute("aria-activedescendant", item.id);
          item.scrollIntoView({ block: "nearest" });
        }
      };
      const draw = () => {
        if (!entries) return;
        const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        shown = [];
        for (const entry of entries) {
          if (words.every((word) => entry.search.includes(word))) shown.push(entry);
          if (shown.length === MOST) break;
        }
        at = 0;
        items.replaceChildren(...shown.map((entry, place) =>
          h("li", { role: "option", id: "goto-" + place, onclick: () => finish(entry), onmousemove: () => { if (at !== place) { at = place; mark(); } } },
            h("span", { class: entry.status ? "dot " + entry.status : "swatch" }),
            h("span", {}, h("bdi", {}, entry.name)),
            h("span", { class: "kind" }, h("bdi", {}, entry.kind)))));
        none.hidden = shown.length > 0;
        mark();
      };
      input.addEventListener("input", draw);
      input.addEventListener("keydown", (event) => {
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
          event.preventDefault();
          at = Math.max(0, Math.min(shown.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)));
          mark();
        } else if (event.key === "Enter" && shown[at]) {
          event.preventDefault();
          finish(shown[at]);
        }
      });
      dialog.addEventListener("cancel", (event) => { event.preventDefault(); finish(null); });
      dialog.addEventListener("click", (event) => { if (event.target === dialog) finish(null); });
      document.body.append(dialog);
      dialog.showModal();
      input.focus();
      /* Open at once, so that no key is lost while the names are loading. */
      list({ experiments }).then((found) => { entries = found; draw(); });
    });
  }

  async function go() {
    if (document.querySelector("dialog.goto")) return;
    const entry = await pick({ experiments: true, label: "Go to a run, an experiment or a model" });
    if (entry) window.location.href = gitrack.root + entry.page;
  }

  gitrack.pick = pick;
  for (const button of document.querySelectorAll("[data-goto]")) button.addEventListener("click", go);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const key = (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) || (event.key === "k" && (event.ctrlKey || event.metaKey));
    if (!key) return;
    event.preventDefault();
    go();
  });
})();
