/* Keys: one letter each, where nobody is typing; `?` shows them, and turns them off. */
(function () {
  "use strict";
  const { h } = gitrack;
  const STORED = "gitrack-keys";
  const WITHIN = "tbody tr, .results li";

  const stored = () => {
    try {
      return window.localStorage.getItem(STORED) !== "off";
    } catch (refused) {
      return true;
    }
  };
  let on = stored();

  /* ---- lines of plain tables and lists: the link of each takes the focus ---- */
  const lines = () => [...document.querySelectorAll("main table.list tbody tr, main .results li")].filter((line) => line.getClientRects().length && line.querySelector("a[href]"));

  function step(by) {
    if (gitrack.table && gitrack.table.size && gitrack.table.size()) {
      gitrack.table.move(by);
      return true;
    }
    const all = lines();
    if (!all.length) return false;
    const here = document.activeElement ? all.indexOf(document.activeElement.closest(WITHIN)) : -1;
    const next = here < 0 ? (by > 0 ? firstInSight(all) : all.length - 1) : Math.max(0, Math.min(all.length - 1, here + by));
    const link = all[next].querySelector("a[href]");
    link.focus();
    link.scrollIntoView({ block: "nearest" });
    return true;
  }

  const firstInSight = (all) => Math.max(0, all.findIndex((line) => line.getBoundingClientRect().bottom > 60));

  function select() {
    if (!gitrack.table || !gitrack.table.size || !gitrack.table.size()) return false;
    gitrack.table.toggle();
    return true;
  }

  /** To the comparison: of the runs that are selected, of this page's run, or of its experiment's. */
  function compare() {
    const selected = gitrack.table && gitrack.table.selected ? gitrack.table.selected() : [];
    const own = document.querySelector('body[data-page="run"] [data-run]');
    if (document.body.dataset.page === "compare") return false;
    const experiment = document.querySelector('body[data-page="experiment"] h1');
    const runs = (selected.length ? selected : own ? [own.dataset.run] : []).map(encodeURIComponent);
    if (!runs.length && experiment) runs.push("@experiment:" + encodeURIComponent(experiment.textContent));
    window.location.href = gitrack.root + "compare.html" + (runs.length ? "#runs=" + runs.join(",") : "");
    return true;
  }

  function focusFilter() {
    const field = document.querySelector('main input[type="search"], main .search-box input');
    if (!field) return false;
    field.focus();
    field.select();
    return true;
  }

  const KEYS = [
    { key: "/", word: "Go to a run, an experiment, a model …", act: () => { gitrack.go(); return true; } },
    { key: "j", word: "Next row", act: () => step(1) },
    { key: "k", word: "Row before", act: () => step(-1) },
    { key: "x", word: "Select the row", act: select },
    { key: "f", word: "Filter the table", act: focusFilter },
    { key: "c", word: "Compare the selected runs", act: compare },
    { key: "s", word: "Search everything", act: () => { window.location.href = gitrack.root + "search.html"; return true; } },
    { key: "h", word: "Overview", act: () => { window.location.href = gitrack.root + "index.html"; return true; } },
    { key: "?", word: "These keys", act: () => { help(); return true; } },
  ];
  const OTHERS = [
    ["Enter", "Open the row"], ["Escape", "Close what is open"], ["Ctrl K", "Go to …, also while typing"],
  ];

  function help() {
    const box = h("input", { type: "checkbox" });
    box.checked = on;
    box.addEventListener("change", () => {
      on = box.checked;
      try {
        window.localStorage.setItem(STORED, on ? "on" : "off");
      } catch (refused) {
        /* No storage from disk in this browser: it holds for this page. */
      }
    });
    const line = (key, word) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, word));
    const close = h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close");
    const dialog = h("dialog", { class: "keys", "aria-labelledby": "keys-title" },
      h("h2", { id: "keys-title" }, "Keys"),
      h("dl", {}, KEYS.map(({ key, word }) => line(key, word)), OTHERS.map(([key, word]) => line(key, word))),
      h("label", {}, box, h("span", {}, "Single letters are keys")), close);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
    close.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      gitrack.go();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest && event.target.closest("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable]")) return;
    const known = KEYS.find(({ key }) => key === event.key);
    if (!known || (!on && known.key !== "?")) return;
    if (known.act()) event.preventDefault();
  });
  gitrack.help = help;
})();
