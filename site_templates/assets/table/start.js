/* Brings the table to life, and is what other scripts know of it: `gitrack.table`. */
(function () {
  "use strict";
  const { grid } = gitrack;
  const ready = [];
  let lines = null;
  let parts = null;

  grid.start = async (store, place) => {
    grid.store = store;
    if (!store.rows) return;
    grid.state = grid.fit(grid.read(window.location.hash));
    lines = new gitrack.Lines(grid, place);
    parts = gitrack.tableTools(grid, document.getElementById("table-tools"));
    let begun = false;
    grid.onChange(() => {
      /* Who comes with a filter in mind sees the table with what is said above it. */
      document.documentElement.classList.remove("aimed");
      if (!begun) lines.start();
      begun = true;
      lines.redraw();
    });
    gitrack.picked.onChange(() => lines.mark());
    lines.table.addEventListener("keydown", keys);
    window.addEventListener("hashchange", () => table.apply(grid.read(window.location.hash)));
    const newest = store.chunks.slice(-1);
    const first = ["id", "name", ...grid.state.columns];
    /* The newest runs are drawn before the others come. */
    const views = gitrack.views && gitrack.load("data/views.js"); /* they stand above it */
    await Promise.all([store.need(first, newest), views].map((part) => Promise.resolve(part).catch(() => null)));
    await grid.refresh();
    ready.splice(0).forEach((told) => told(table));
    await store.need(first).catch(() => null);
    const panel = document.getElementById("scatter");
    if (panel && gitrack.embed) gitrack.points(grid, panel);
  };

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("thead")) return;
    const item = grid.items[lines.active];
    const act = {
      ArrowDown: () => step(1, event.shiftKey), ArrowUp: () => step(-1, event.shiftKey),
      PageDown: () => lines.move(lines.page), PageUp: () => lines.move(-lines.page),
      Home: () => lines.go(0), End: () => lines.go(grid.items.length - 1),
      " ": () => table.toggle(), Enter: () => table.open(),
      ArrowRight: () => aside(item, 1), ArrowLeft: () => aside(item, -1),
    }[event.key];
    if (!act || event.target.closest("a, button, input") && (event.key === "Enter" || event.key === " ")) return;
    event.preventDefault();
    act();
  }

  function step(by, picking) {
    if (picking) pickActive(true);
    lines.move(by);
    if (picking) pickActive(true);
  }

  function pickActive(on) {
    const item = grid.items[lines.active];
    if (typeof item === "number") gitrack.picked.choose(grid, item, on, false);
  }

  /** To the side: a group opens or closes, else the columns move. */
  function aside(item, way) {
    if (item && typeof item === "object" && grid.open.has(item.key) === (way < 0)) { grid.toggle(item); lines.go(lines.active); return; }
    lines.place.scrollLeft += way * 120;
  }

  const table = {
    state: () => structuredClone(grid.state),
    /** Show another state; what it does not say is as at first. */
    apply(state) {
      grid.open.clear();
      return grid.set(grid.fit(state || {}));
    },
    change: (changes) => grid.set(grid.fit({ ...grid.state, ...changes })),
    rows: () => (grid.groups ? grid.groups.flatMap((one) => one.rows) : [...grid.rows]),
    /** Groups as shown: [{value, rows}], or null. */
    groups: () => grid.groups && grid.groups.map(({ value, rows }) => ({ value, rows })),
    column: (name) => grid.store.column(name),
    need: (names) => grid.store.need(names),
    names: () => [...grid.store.names],
    about: (name) => grid.store.about.get(name) || null,
    /** A value as the table writes it. */
    text: (name, row) => gitrack.cells.text(grid.store, name, grid.store.peek(name)[row]),
    page: (row) => gitrack.picked.pageOf(grid.store, row),
    selected: () => gitrack.picked.ids(),
    size: () => (grid.store ? grid.store.rows : 0),
    focus: () => lines && lines.table.focus({ preventScroll: true }),
    move: (by) => { if (lines) { lines.move(by); table.focus(); } },
    toggle() {
      const item = grid.items[lines.active];
      if (typeof item === "number") gitrack.picked.choose(grid, item, !gitrack.picked.has(grid.store.peek("id")[item]), false);
      else if (item) grid.toggle(item);
    },
    open() {
      const item = grid.items[lines.active];
      if (typeof item === "number") window.location.href = gitrack.root + gitrack.picked.pageOf(grid.store, item);
      else if (item) grid.toggle(item);
    },
    compare: () => { if (gitrack.picked.ids().length) window.location.href = gitrack.picked.address(); },
    filter: () => parts && parts.input,
    /** Put a tool of another script beside the others. */
    addTool: (element) => table.whenReady(() => parts.more.append(element)),
    whenReady(told) { if (parts && grid.items) told(table); else ready.push(told); },
    onChange: (listener) => grid.onChange(() => listener(table)),
  };
  gitrack.table = table;
})();
