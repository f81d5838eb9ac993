/* Sorting by several columns: every column becomes numbers once, then numbers are compared. */
(function () {
  "use strict";
  const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
  const known = new WeakMap();

  /** A number, or a text that is written like one, else null: as the command line sorts. */
  function numberOf(value) {
    if (typeof value === "number") return value;
    if (typeof value === "boolean") return Number(value);
    return typeof value === "string" && NUMBER.test(value) ? Number(value) : null;
  }

  /** Numbers in whose order a column stands; NaN and what is missing are NaN, and come last. */
  function ranks(values) {
    if (known.has(values)) return known.get(values);
    const kept = new Float64Array(values.length);
    const texts = new Set();
    let numeric = true;
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      if (value === null) kept[row] = NaN;
      else if (typeof value === "number") kept[row] = value;
      else { numeric = false; texts.add(value); }
    }
    if (!numeric) {
      /* Numbers and texts written like one stand before other texts. */
      const all = [...new Set([...texts, ...values.filter((value) => typeof value === "number" && !Number.isNaN(value))])];
      all.sort((a, b) => {
        const [x, y] = [numberOf(a), numberOf(b)];
        if (x !== null && y !== null) return x - y;
        if (x !== null || y !== null) return x !== null ? -1 : 1;
        return a < b ? -1 : a > b ? 1 : 0;
      });
      const places = new Map(all.map((value, at) => [value, at]));
      for (let row = 0; row < values.length; row++) {
        const value = values[row];
        kept[row] = value === null || Number.isNaN(value) ? NaN : places.get(value);
      }
    }
    known.set(values, kept);
    return kept;
  }

  /** All rows by `order`, the newest first among equals. Its columns must be loaded. */
  function sorted(store, order) {
    const rows = new Uint32Array(store.rows);
    for (let at = 0; at < rows.length; at++) rows[at] = rows.length - 1 - at;
    if (!order.length || (order.length === 1 && order[0][0] === "started" && order[0][1] === "desc")) return rows;
    const keys = order.filter(([name]) => store.has(name)).map(([name, way]) => [ranks(store.column(name)), way === "desc" ? -1 : 1]);
    return rows.sort((a, b) => {
      for (const [values, sign] of keys) {
        const x = values[a];
        const y = values[b];
        if (x === y) continue;
        if (x !== x || y !== y) {
          if (x !== x && y !== y) continue;
          return x !== x ? 1 : -1;
        }
        return x < y ? -sign : sign;
      }
      return b - a;
    });
  }

  gitrack.order = { ranks, sorted };
})();
