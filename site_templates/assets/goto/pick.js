/* "Go to…": one key away from everything that has a name. Also picks the runs to compare. */
(function () {
  "use strict";
  const { h, names } = gitrack;
  const MOST = 40;
  const KINDS = { page: "page", model: "model", version: "version", promotion: "promotion", experiment: "experiment", sweep: "sweep", data: "data", report: "report", chart: "chart" };

  const about = (thing) => (thing.kind === "run" ? thing.experiment : [KINDS[thing.kind] || thing.kind, thing.about].filter(Boolean).join(", "));

  /** Ask for a run (or, with `experiments`, for anything); resolves to what was chosen, or null. */
  function pick({ experiments, label }) {
    let others = [];
    let runs = [];
    let loading = true;
    let entered = false;
    return new Promise((resolve) => {
      let shown = [];
      let at = 0;
      const items = h("ul", { role: "listbox", id: "goto-list", "aria-label": label });
      const none = h("p", { class: "none", role: "status" }, "Loading names…");
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
        } else input.removeAttribute("aria-activedescendant");
      };
      const look = () => {
        const words = names.wordsOf(input.value);
        if (!words.length) return [...others.filter(({ kind }) => ["page", "model", "experiment"].includes(kind)).slice(0, 20), ...runs.slice(0, MOST)].slice(0, MOST);
        const found = [...names.find(words, others), ...names.find(words, runs)].sort((a, b) => b.score - a.score).slice(0, MOST).map(({ thing }) => thing);
        if (experiments) found.push({ kind: "search", name: "Search everything for “" + input.value.trim() + "”", page: "search.html#q=" + encodeURIComponent(input.value.trim()) });
        return found;
      };
      const item = (thing, place) => h("li", {
        role: "option", id: "goto-" + place, onclick: () => finish(thing), onmousemove: () => { if (at !== place) { at = place; mark(); } },
      }, h("span", { class: thing.status ? "dot " + thing.status : "swatch" }), h("span", {}, h("bdi", {}, thing.name)), h("span", { class: "kind" }, thing.kind === "search" ? null : h("bdi", {}, about(thing))));
      const draw = () => {
        shown = look();
        at = 0;
        items.replaceChildren(...shown.map(item));
        none.hidden = shown.some(({ kind }) => kind !== "search");
        none.textContent = loading ? "Loading names…" : input.value.trim() ? "Nothing by that name." : "There is nothing yet.";
        mark();
      };
      /* Who types faster than names load means the thing, not a search for it: that waits for all. */
      const choose = () => {
        if (entered && shown[at] && !(loading && at === 0 && shown[at].kind === "search")) finish(shown[at]);
      };
      input.addEventListener("input", () => { entered = false; draw(); });
      input.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
        if (step) {
          event.preventDefault();
          at = Math.max(0, Math.min(shown.length - 1, at + step));
          mark();
        } else if (event.key === "Enter") {
          event.preventDefault();
          entered = Boolean(shown[at] || input.value.trim());
          choose();
        }
      });
      dialog.addEventListener("cancel", (event) => { event.preventDefault(); finish(null); });
      dialog.addEventListener("click", (event) => { if (event.target === dialog) finish(null); });
      document.body.append(dialog);
      dialog.showModal();
      input.focus();
      /* Open at once, so that no key is lost while the names are loading. */
      const come = (some) => { runs = some; draw(); choose(); };
      Promise.all([experiments ? names.others() : [], Promise.resolve()])
        .then(([some]) => { others = some; return names.runs(come); })
        .then((all) => { loading = false; come(all); })
        .catch(() => { loading = false; draw(); choose(); none.hidden = false; none.textContent = "The names are not on this site."; });
    });
  }

  async function go() {
    if (document.querySelector("dialog[open]")) return;
    const entry = await pick({ experiments: true, label: "Go to a run, an experiment, a model …" });
    if (entry) window.location.href = gitrack.root + entry.page;
  }

  Object.assign(gitrack, { pick, go });
  for (const button of document.querySelectorAll("[data-goto]")) button.addEventListener("click", go);
})();
