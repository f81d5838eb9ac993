/* The header: names of columns that sort, their groups above, a menu for each. */
(function () {
  "use strict";
  const { h } = gitrack;
  const GROUPS = { run: "", metrics: "Metrics", curves: "Curves", params: "Params", tags: "Tags", seeds: "Seeds", data: "Data" };
  let menu = null;

  function header(lines) {
    const { grid } = lines;
    const groups = h("tr", { class: "groups", role: "row", "aria-rowindex": 1 }, h("td", { colspan: 2, class: "pick-and-run" }));
    const titles = h("tr", { class: "titles", role: "row", "aria-rowindex": 2 },
      h("th", { class: "pick", scope: "col", role: "columnheader", "aria-colindex": 1 }, h("span", { class: "unseen" }, "Select")),
      title(lines, { name: "name", about: { ...grid.store.about.get("name"), label: "Run" }, run: true }));
    let at = 0;
    while (at < lines.current.length) {
      const first = lines.current[at];
      let to = at;
      while (to < lines.current.length && lines.current[to].about.group === first.about.group && lines.current[to].pinned === first.pinned) to++;
      const cell = h("td", { colspan: to - at, class: first.about.group }, h("span", {}, GROUPS[first.about.group]));
      if (first.pinned) { cell.classList.add("pinned"); cell.style.left = first.left + "px"; }
      if (at === lines.gapAt && lines.gap > 0) cell.style.paddingLeft = lines.gap + 14 + "px";
      groups.append(cell);
      at = to;
    }
    lines.current.forEach((field, number) => titles.append(title(lines, field, number)));
    const focused = document.activeElement && lines.head.contains(document.activeElement) ? document.activeElement.dataset.sort : null;
    lines.head.replaceChildren(groups, titles);
    if (focused) {
      const again = [...lines.head.querySelectorAll("[data-sort]")].find((button) => button.dataset.sort === focused);
      if (again) again.focus({ preventScroll: true });
    }
  }

  function title(lines, field, number) {
    const { grid } = lines;
    const { name, about } = field;
    const order = grid.state.order;
    const place = order.findIndex(([one]) => one === name);
    const way = place < 0 ? null : order[place][1];
    const arrow = way ? h("span", { class: "way", "aria-hidden": "true" }, (way === "asc" ? "↑" : "↓") + (order.length > 1 ? place + 1 : "")) : null;
    const goal = about.goal ? (about.goal === "maximize" ? "higher is better" : "lower is better") : null;
    const sort = about.group === "curves"
      ? h("span", { class: "sort", title: about.label }, h("bdi", {}, about.label))
      : h("button", { type: "button", class: "sort", "data-sort": name, title: about.label + (goal ? " · " + goal : "") + "\nClick to sort, with Shift by one more column", onclick: (event) => grid.sortBy(name, event.shiftKey) }, h("bdi", {}, about.label), arrow);
    const th = h("th", { scope: "col", class: field.run ? "run" : gitrack.cells.kind(about), "aria-sort": way ? (way === "asc" ? "ascending" : "descending") : null },
      h("div", {}, sort, field.run ? null : h("button", { type: "button", class: "column-menu", tabindex: "-1", "aria-label": "Column " + about.label, "aria-haspopup": "menu", onclick: (event) => open(event.currentTarget, grid, name) }, "⋮")));
    if (field.run) { th.setAttribute("role", "columnheader"); th.setAttribute("aria-colindex", 2); }
    else {
      lines.placed(th, field, number);
      th.addEventListener("contextmenu", (event) => { event.preventDefault(); open(th.querySelector(".column-menu"), grid, name); });
      sort.addEventListener("keydown", (event) => {
        if (event.altKey && event.key === "ArrowDown") { event.preventDefault(); open(th.querySelector(".column-menu"), grid, name, sort); }
      });
    }
    return th;
  }

  /** What can be done with a column. Alt and the arrow down open it from the name. */
  function open(button, grid, name, back = button) {
    close();
    const { state, store } = grid;
    const about = store.about.get(name);
    const pinned = state.pinned.includes(name);
    const groups = about.group === "tags" || about.group === "params" || name === "experiment";
    const actions = [
      about.group !== "curves" && ["Sort upwards", () => grid.set({ order: [[name, "asc"]] })],
      about.group !== "curves" && ["Sort downwards", () => grid.set({ order: [[name, "desc"]] })],
      [pinned ? "Unpin" : "Pin to the left", () => grid.set({ pinned: pinned ? state.pinned.filter((one) => one !== name) : [...state.pinned, name] })],
      groups && ["Group by it", () => grid.set({ group: name })],
      ["Hide", () => grid.set({ columns: state.columns.filter((one) => one !== name), pinned: state.pinned.filter((one) => one !== name) })],
    ].filter(Boolean);
    const done = (action) => { close(); action(); };
    menu = h("div", { class: "popup", role: "menu", "aria-label": "Column " + about.label }, actions.map(([word, action]) =>
      h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => done(action) }, word)));
    menu.back = back;
    document.body.append(menu);
    const box = button.getBoundingClientRect();
    menu.style.top = Math.min(box.bottom + 4, window.innerHeight - menu.offsetHeight - 8) + "px";
    menu.style.left = Math.max(8, Math.min(box.right - menu.offsetWidth, window.innerWidth - menu.offsetWidth - 8)) + "px";
    menu.addEventListener("keydown", (event) => {
      const all = [...menu.children];
      const at = all.indexOf(document.activeElement);
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length].focus();
      } else if (event.key === "Escape" || event.key === "Tab") {
        event.preventDefault();
        const to = menu.back;
        close();
        to.focus();
      }
      event.stopPropagation();
    });
    menu.firstElementChild.focus();
  }

  function close() {
    if (menu) menu.remove();
    menu = null;
  }
  document.addEventListener("pointerdown", (event) => { if (menu && !menu.contains(event.target)) close(); });

  gitrack.header = header;
})();
