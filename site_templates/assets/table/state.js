/* What a table shows: its state, in the address of the page, and the rows that follow from it. */
(function () {
  "use strict";
  const listeners = new Set();
  const grid = {
    store: null,
    state: null,
    /** Runs that the filter lets through, sorted; and what stands in the table's lines: a row, or a group. */
    rows: new Uint32Array(0),
    items: [],
    open: new Set(),
    fault: null,
    missing: [],
  };
  const KEYS = ["filter", "order", "columns", "pinned", "group", "scales"];
  const NEWEST = [["started", "desc"]];
  let turn = 0;
  let sortedBy = null;

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const initial = (store) => ({ filter: "", order: NEWEST, columns: store.shown, pinned: [], group: null, scales: false });

  /** A state as somebody else wrote it, made fit for this table: what it has not is left out. */
  function fit(wanted) {
    const store = grid.store;
    const state = { ...initial(store) };
    const names = (list) => [...new Set(list)].filter((name) => typeof name === "string" && name !== "name" && store.has(name) && store.about.get(name).group);
    if (typeof wanted.filter === "string") state.filter = wanted.filter;
    if (Array.isArray(wanted.order)) {
      state.order = wanted.order.filter((one) => Array.isArray(one) && store.has(one[0])).map(([name, way]) => [name, way === "desc" ? "desc" : "asc"]);
    }
    if (Array.isArray(wanted.columns)) state.columns = names(wanted.columns);
    if (Array.isArray(wanted.pinned)) state.pinned = names(wanted.pinned);
    for (const name of state.pinned) if (!state.columns.includes(name)) state.columns = [...state.columns, name];
    if (wanted.group === "replicates" || (typeof wanted.group === "string" && store.has(wanted.group))) state.group = wanted.group;
    state.scales = wanted.scales === true;
    return state;
  }

  /* ---- the address ---- */
  const listed = (names) => names.map(encodeURIComponent).join(",");
  const unlisted = (text) => (text ? text.split(",").map(decodeURIComponent) : []);

  function written() {
    const { state, store } = grid;
    const before = initial(store);
    const parts = [];
    for (const part of window.location.hash.slice(1).split("&")) {
      if (part && !KEYS.includes(part.split("=")[0])) parts.push(part);
    }
    if (state.filter) parts.push("filter=" + encodeURIComponent(state.filter));
    if (!same(state.order, before.order)) parts.push("order=" + state.order.map(([name, way]) => encodeURIComponent(name) + ":" + way).join(","));
    if (!same(state.columns, before.columns)) parts.push("columns=" + listed(state.columns));
    if (state.pinned.length) parts.push("pinned=" + listed(state.pinned));
    if (state.group) parts.push("group=" + encodeURIComponent(state.group));
    if (state.scales) parts.push("scales");
    return parts.length ? "#" + parts.join("&") : "";
  }

  function read(hash) {
    const found = {};
    for (const part of hash.replace(/^#/, "").split("&")) {
      const [key, ...rest] = part.split("=");
      const text = rest.join("=");
      try {
        if (key === "filter" || key === "group") found[key] = decodeURIComponent(text);
        else if (key === "order") found.order = (text ? text.split(",") : []).map((one) => [decodeURIComponent(one.replace(/:(asc|desc)$/, "")), /:desc$/.test(one) ? "desc" : "asc"]);
        else if (key === "columns" || key === "pinned") found[key] = unlisted(text);
        else if (key === "scales") found.scales = true;
      } catch (broken) {
        /* An address that somebody cut short says less, not nothing. */
      }
    }
    return found;
  }

  function write() {
    const hash = written();
    if (hash !== window.location.hash) window.history.replaceState(null, "", hash || window.location.pathname + window.location.search);
  }

  /* ---- from state to rows ---- */
  async function refresh() {
    const mine = ++turn;
    const { store, state } = grid;
    const asked = gitrack.understand(state.filter, store);
    grid.fault = asked.fault;
    grid.missing = asked.missing;
    const names = [...asked.names, ...state.order.map(([name]) => name), ...state.columns];
    if (state.group) names.push(gitrack.groups.columnOf(state.group), "name", "id");
    const plain = !asked.select && !state.group && same(state.order, NEWEST);
    const missing = names.filter((name) => store.has(name) && !store.whole(name));
    const load = async () => {
      try {
        await store.need([...new Set(["id", ...missing])]);
      } catch (lost) {
        grid.fault = { message: "A part of this table could not be loaded", hint: "load the page again" };
      }
      return mine === turn;
    };
    if (missing.length && !plain && !(await load())) return;
    if (!grid.fault || asked.fault) arrange(asked);
    tell();
    /* The newest runs are shown as they are; what else is missing comes by and by. */
    if (missing.length && plain) load().then((wanted) => { if (wanted) tell(); });
  }

  function arrange(asked) {
    const { store, state } = grid;
    const key = JSON.stringify(state.order);
    if (!sortedBy || sortedBy.key !== key) sortedBy = { key, rows: gitrack.order.sorted(store, state.order) };
    grid.rows = sortedBy.rows;
    /* A filter that is being written is often at fault: until then the last one counts. */
    if (asked.fault && grid.lastFound) asked = { select: () => grid.lastFound };
    if (asked.select) {
      let found;
      try {
        found = asked.select({ rows: store.rows, column: (name) => store.column(name), names: () => store.names }, Date.now());
      } catch (wrong) {
        grid.fault = wrong;
        found = grid.lastFound || sortedBy.rows;
      }
      grid.lastFound = found;
      const passes = new Uint8Array(store.rows);
      for (const row of found) passes[row] = 1;
      grid.rows = sortedBy.rows.filter((row) => passes[row]);
    } else grid.lastFound = null;
    if (!state.group) { grid.groups = null; grid.items = grid.rows; return; }
    grid.groups = gitrack.groups.sorted(store, gitrack.groups.gather(store, state.group, grid.rows), state.order);
    grid.items = lines();
  }

  /** Groups, and the runs of those that are open. A run without replicates stands for itself. */
  function lines() {
    const alone = (one) => grid.state.group === "replicates" && one.rows.length === 1;
    grid.alone = new Set(grid.groups.filter(alone).map((one) => one.rows[0]));
    return grid.groups.flatMap((one) => (alone(one) ? one.rows : grid.open.has(one.key) ? [one, ...one.rows] : [one]));
  }

  function tell() {
    for (const listener of listeners) listener(grid);
  }

  /** Change some of the state; the address and the table follow. */
  function set(changes) {
    if (changes.group !== undefined && changes.group !== grid.state.group) grid.open.clear();
    grid.state = { ...grid.state, ...changes };
    write();
    return refresh();
  }

  /** Open or close a group. */
  function toggle(one) {
    if (!grid.open.delete(one.key)) grid.open.add(one.key);
    grid.items = lines();
    tell();
  }

  /* A header sorts by itself alone; with shift it joins those that sort already. */
  function sortBy(name, also) {
    const about = grid.store.about.get(name);
    const first = (about.group === "metrics" && about.goal !== "minimize") || name === "started" ? "desc" : "asc";
    const { order } = grid.state;
    const now = order.find(([one]) => one === name);
    const next = !now ? [name, first] : now[1] === first ? [name, first === "asc" ? "desc" : "asc"] : null;
    const others = order.filter(([one]) => one !== name);
    if (also) return set({ order: !now ? [...order, next] : next ? order.map((one) => (one === now ? next : one)) : others });
    return set({ order: next ? [next] : NEWEST });
  }

  Object.assign(grid, {
    initial: () => initial(grid.store), fit, read, refresh, set, toggle, sortBy,
    onChange: (listener) => { listeners.add(listener); return () => listeners.delete(listener); },
  });
  gitrack.grid = grid;
})();
