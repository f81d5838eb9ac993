/* Runs in groups: by experiment, tag, param, or as replicates that differ by their seeds alone. */
(function () {
  "use strict";

  /** The column by whose values runs are put together. */
  const columnOf = (group) => (group === "replicates" ? "replicates" : group);

  /** Groups of rows, in the order in which their first rows come. */
  function gather(store, group, rows) {
    const values = store.column(columnOf(group));
    const found = new Map();
    for (const row of rows) {
      const value = values ? values[row] : null;
      const key = typeof value + ":" + value;
      let one = found.get(key);
      if (!one) found.set(key, (one = { key, value, rows: [], said: new Map() }));
      one.rows.push(row);
    }
    return [...found.values()];
  }

  /** Mean and deviation of numbers, or what texts have in common. */
  function summary(store, one, name) {
    if (one.said.has(name)) return one.said.get(name);
    const values = store.peek(name);
    const about = store.about.get(name);
    let said;
    if (about.number) {
      const known = one.rows.map((row) => values[row]).filter((value) => Number.isFinite(value));
      said = { count: known.length, ...spread(known) };
    } else {
      const different = new Set(one.rows.map((row) => values[row]).filter((value) => value !== null));
      said = { different: different.size, value: different.size === 1 ? [...different][0] : null };
    }
    one.said.set(name, said);
    return said;
  }

  /** The deviation is that of a sample: of one value there is none. */
  function spread(values) {
    if (!values.length) return { mean: null, deviation: null };
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (values.length === 1) return { mean, deviation: null };
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
  }

  /** By the same columns as rows: numbers by their mean, others as their first run stands. */
  function sorted(store, groups, order) {
    const keys = order.filter(([name]) => store.has(name) && store.about.get(name).number);
    if (!keys.length) return groups;
    const means = new Map(groups.map((one) => [one, keys.map(([name]) => summary(store, one, name).mean)]));
    return [...groups].sort((a, b) => {
      const [x, y] = [means.get(a), means.get(b)];
      for (let at = 0; at < keys.length; at++) {
        if (x[at] === y[at]) continue;
        if (x[at] === null || y[at] === null) return x[at] === null ? 1 : -1;
        return (x[at] < y[at] ? -1 : 1) * (keys[at][1] === "desc" ? -1 : 1);
      }
      return 0;
    });
  }

  /** What a group is called. Replicates are called by what their names have in common. */
  function title(store, group, one) {
    if (group !== "replicates") return one.value === null ? "none" : gitrack.setting(one.value);
    const names = one.rows.map((row) => String(store.peek("name")[row]));
    let common = names[0];
    for (const name of names) while (!name.startsWith(common)) common = common.slice(0, -1);
    if (names.length > 1) common = common.replace(/[\s._-]*(?:seed|s|rep|run)?[\s._-]*$/i, "");
    return common.length > 3 ? common : names[0];
  }

  gitrack.groups = { columnOf, gather, summary, sorted, title };
})();
