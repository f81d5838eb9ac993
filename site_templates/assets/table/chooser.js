/* Which columns are shown, in their groups; which are pinned; and away with what never differs. */
(function () {
  "use strict";
  const { h } = gitrack;
  const GROUPS = [["run", "Run"], ["metrics", "Metrics"], ["curves", "Curves"], ["params", "Params"], ["tags", "Tags"], ["seeds", "Seeds"], ["data", "Data"]];
  const MOST = 400;

  /** Columns as they stand when nobody has moved them: by group, as in the chooser. */
  function natural(store, names) {
    const rank = new Map(GROUPS.map(([group], at) => [group, at]));
    const places = new Map(store.names.map((name, at) => [name, at]));
    return [...names].sort((a, b) => rank.get(store.about.get(a).group) - rank.get(store.about.get(b).group) || places.get(a) - places.get(b));
  }

  /** One more column goes before the first that stands behind it by nature; no other moves. */
  function withColumn(store, shown, name) {
    const order = natural(store, [...shown, name]);
    const after = new Set(order.slice(order.indexOf(name) + 1));
    const at = shown.findIndex((one) => after.has(one));
    return at < 0 ? [...shown, name] : [...shown.slice(0, at), name, ...shown.slice(at)];
  }

  function chooser(grid) {
    const { store } = grid;
    const search = h("input", { type: "search", placeholder: "Find a column", "aria-label": "Find a column" });
    const list = h("div", { class: "choices" });
    const constants = h("button", { type: "button", class: "plain", onclick: hideSame }, "Hide what is the same everywhere");
    const defaults = h("button", { type: "button", class: "plain", onclick: () => grid.set({ columns: grid.initial().columns, pinned: [] }) }, "As at first");
    const menu = h("details", { class: "menu column-chooser" }, h("summary", { class: "button" }, "Columns"), h("div", {}, search, h("p", { class: "menu-actions" }, constants, defaults), list));

    /** In the runs that are shown now. */
    function hideSame() {
      const kept = grid.state.columns.filter((name) => {
        const values = store.column(name);
        if (!values || grid.rows.length < 2) return true;
        const first = values[grid.rows[0]];
        return grid.rows.some((row) => values[row] !== first);
      });
      grid.set({ columns: kept, pinned: grid.state.pinned.filter((name) => kept.includes(name)) });
    }

    function choice(name) {
      const about = store.about.get(name);
      const box = h("input", { type: "checkbox" });
      box.addEventListener("change", () => {
        const { columns, pinned } = grid.state;
        if (box.checked) grid.set({ columns: withColumn(store, columns, name) });
        else grid.set({ columns: columns.filter((one) => one !== name), pinned: pinned.filter((one) => one !== name) });
      });
      const pin = h("button", { type: "button", class: "pin", "aria-pressed": "false", "aria-label": "Pin " + about.label, title: "Pin to the left" }, "⇤");
      pin.addEventListener("click", () => {
        const { columns, pinned } = grid.state;
        if (pinned.includes(name)) grid.set({ pinned: pinned.filter((one) => one !== name) });
        else grid.set({ pinned: [...pinned, name], columns: columns.includes(name) ? columns : withColumn(store, columns, name) });
      });
      const said = about.constant ? "constant" : about.count < store.rows ? about.count + " of " + store.rows : null;
      const label = h("label", {}, box, h("span", { title: name }, h("bdi", {}, about.label)), said ? h("span", { class: "aside" }, said) : null);
      return { name, box, pin, line: h("div", { class: "column-choice" }, label, pin), words: name.toLowerCase() };
    }

    const sets = [];
    function fill() {
      if (sets.length) return;
      for (const [group, word] of GROUPS) {
        const names = store.names.filter((name) => store.about.get(name).group === group && name !== "name");
        if (!names.length) continue;
        const choices = names.map(choice);
        const count = h("span", { class: "aside" });
        const all = h("button", { type: "button", class: "plain", "aria-label": "Show or hide all of " + word }, "all");
        all.addEventListener("click", () => {
          const seen = choices.filter((one) => !one.line.hidden).map((one) => one.name);
          const shown = grid.state.columns;
          const on = seen.some((name) => !shown.includes(name));
          const columns = on ? seen.reduce((columns, name) => (columns.includes(name) ? columns : withColumn(store, columns, name)), shown) : shown.filter((name) => !seen.includes(name));
          grid.set({ columns, pinned: grid.state.pinned.filter((name) => columns.includes(name)) });
        });
        sets.push({ choices, count, field: h("fieldset", {}, h("legend", {}, word, count, all), choices.map((one) => one.line)) });
      }
      list.replaceChildren(...sets.map((one) => one.field));
      update();
    }

    function update() {
      const shown = new Set(grid.state.columns);
      const pinned = new Set(grid.state.pinned);
      for (const { choices, count } of sets) {
        for (const one of choices) {
          one.box.checked = shown.has(one.name);
          one.pin.setAttribute("aria-pressed", String(pinned.has(one.name)));
        }
        count.textContent = choices.filter((one) => one.box.checked).length + " of " + choices.length;
      }
    }

    search.addEventListener("input", () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = MOST;
      for (const { choices, field } of sets) {
        let some = false;
        for (const one of choices) {
          one.line.hidden = left <= 0 || !words.every((word) => one.words.includes(word));
          some = some || !one.line.hidden;
          left -= !one.line.hidden;
        }
        field.hidden = !some;
      }
    });
    menu.addEventListener("toggle", () => { if (menu.open) { fill(); search.focus(); } });
    document.addEventListener("pointerdown", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); }
    });
    grid.onChange(update);
    return menu;
  }

  gitrack.chooser = chooser;
  gitrack.withColumn = withColumn;
})();
