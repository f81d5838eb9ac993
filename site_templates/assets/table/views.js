/* Saved views: states of a table that the project keeps in `.tracking/views/`, reviewed like code. */
(function () {
  "use strict";
  const { h, table } = gitrack;
  const PAIR = /^(params|metrics|tags|curves|seeds|data)\.(.+)$/s;

  const runs = document.getElementById("runs");

  /* ---- writing: a name, a view and its file ---- */

  /** A column as the filter language names it: `params."learning rate"`. */
  function key(name) {
    const [, section, own] = PAIR.exec(name) || [];
    if (!section || /^[\p{L}\p{N}_/@:%.-]+$/u.test(own)) return name;
    return section + "." + (own.includes("`") ? '"' + own + '"' : "`" + own + "`");
  }

  /** A text in double quotes, as every reader of YAML takes it. */
  const quoted = (text) => JSON.stringify(String(text)).replace(/[\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]/g, (c) => {
    const code = c.charCodeAt(0);
    return code >= 0xd800 && code <= 0xdfff ? c : "\\u" + code.toString(16).padStart(4, "0");
  });

  const list = (name, items) => (items.length ? name + ":\n" + items.map((item) => "- " + quoted(item) + "\n").join("") : "");

  /** What stands in `.tracking/views/<name>.yaml`. */
  function yaml({ title, experiment, state }) {
    return "title: " + quoted(title) + "\n" +
      (experiment ? "experiment: " + quoted(experiment) + "\n" : "") +
      (state.filter ? "filter: " + quoted(state.filter) + "\n" : "") +
      list("order", state.order.map(([name, way]) => key(name) + (way === "desc" ? " desc" : ""))) +
      list("columns", state.columns) + list("pinned", state.pinned) +
      (state.group ? "group: " + quoted(state.group) + "\n" : "") +
      (state.scales ? "scales: true\n" : "");
  }

  const slug = (title) => title.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "view";

  /* ---- the dialog that shows what to commit ---- */

  function save(experiment) {
    if (gitrack.grid.fault) {
      gitrack.dialog("Save this view", h("p", {}, "The filter cannot be understood: a view with it would stop the build. Mend it first.")).showModal();
      return;
    }
    const state = table.state();
    const title = h("input", { type: "text", value: "", placeholder: "Best of this week", "aria-label": "Name of the view", autocomplete: "off" });
    const only = h("input", { type: "checkbox" });
    only.checked = Boolean(experiment);
    const path = h("code", {});
    const text = h("code", {});
    const draw = () => {
      path.textContent = ".tracking/views/" + slug(title.value || title.placeholder) + ".yaml";
      text.textContent = yaml({ title: title.value.trim() || title.placeholder, experiment: only.checked ? experiment : null, state });
    };
    title.addEventListener("input", draw);
    only.addEventListener("change", draw);
    const dialog = gitrack.dialog("Save this view", [
      h("label", { class: "field" }, h("span", {}, "Name"), title),
      experiment ? h("label", { class: "check" }, only, h("span", {}, "Only for this experiment")) : null,
      h("p", { class: "note" }, "A view is a file that is committed and reviewed with the code. Put this into ", path, ":"),
      h("div", { class: "command tall" }, h("pre", { tabindex: "0" }, text), h("button", { type: "button", class: "copy", "data-copy": true, "aria-label": "Copy this file" }, "Copy")),
      h("p", { class: "note" }, "Without a file: the address of this page holds the same view, to be sent to anybody."),
    ]);
    draw();
    dialog.showModal();
    title.focus();
  }

  /* ---- the views above the table ---- */

  function same(state, view) {
    return JSON.stringify(state) === JSON.stringify(gitrack.grid.fit(view));
  }

  function bar(views, experiment) {
    const own = views.filter((view) => !view.table || view.table === runs.dataset.table);
    const all = { title: "All runs", state: {} };
    const tabs = (own.length ? [all, ...own] : []).map((view) => ({
      view, button: h("button", { type: "button", class: "view", title: view.description || null, onclick: () => table.apply(view.state) }, h("bdi", {}, view.title)),
    }));
    const keep = h("button", { type: "button", class: "view plain", onclick: () => save(experiment) }, "Save view…");
    const place = h("div", { class: "views", role: "group", "aria-label": "Views" }, tabs.map(({ button }) => button), keep);
    const mark = () => {
      const state = table.state();
      for (const { view, button } of tabs) button.setAttribute("aria-pressed", String(same(state, view.state)));
      keep.hidden = tabs.length ? tabs.some(({ view }) => same(state, view.state)) : same(state, {});
    };
    table.onChange(mark);
    mark();
    return place;
  }

  gitrack.views = { yaml, slug, key, all: (views) => { known = views; } };
  let known = [];

  /** A dialog with a heading and a button that closes it. */
  gitrack.dialog = function (title, content, buttons) {
    const close = h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close");
    const dialog = h("dialog", { class: "tool", "aria-label": title }, h("h2", {}, title), content, h("div", { class: "buttons" }, buttons || null, close));
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    return dialog;
  };

  /** The experiment whose runs these are; null where they are those of many. */
  async function experimentOf() {
    if (runs.dataset.table === "data/tables/all") return null;
    await table.need(["experiment"]);
    const names = table.column("experiment");
    return names ? names[0] : null;
  }

  if (runs && table) {
    table.whenReady(async () => {
      await gitrack.load("data/views.js").catch(() => null);
      const room = document.querySelector(".views.room"); /* kept on pages for which there are views */
      const tools = document.getElementById("table-tools");
      const shown = bar(known, await experimentOf());
      if (room) room.replaceWith(shown);
      else if (tools) tools.before(shown);
    });
  }
})();
