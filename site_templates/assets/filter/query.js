/* The filter language: `gitrack.filter.parse(text)` gives the rows of a table that a filter finds.

   A table is `{rows, names(), column(name)}`: its length, the columns in which some run has a
   value, and an array of one cell a row (null: missing) or null where there is no such column.
   Cells are what was logged: numbers, texts, truth values; times as ISO texts or as milliseconds.
   An array whose numbers are floats says so by `floats`: true, or a Set of rows, because a param
   that was given as 6.0 is not the text `6`.

   Where a test cannot be said of a run, neither it nor its opposite finds the run. */
(function () {
  "use strict";
  const filter = gitrack.filter;

  const WORDED = new Set(["like", "ilike", "contains", "matches"]);

  function keys(node) {
    if (node === null) return [];
    if (node.test) return [node.key];
    return node.not ? keys(node.not) : node.parts.flatMap(keys);
  }

  /** Throw a Fault for a test that makes no sense whatever the table is. */
  function check(node) {
    if (!node.test) return (node.not ? [node.not] : node.parts).forEach(check);
    const kind = filter.kindOf(node.key);
    if (kind !== null) filter.judgeOf(node, kind, 0);
  }

  function where(node, rows, wanted, table, now) {
    if (node.not) return where(node.not, rows, !wanted, table, now);
    if (node.test) return tested(node, rows, wanted, table, now);
    if (node.all === wanted) return node.parts.reduce((left, part) => where(part, left, wanted, table, now), rows);
    const found = new Set();
    let left = rows;
    for (const part of node.parts) {
      for (const row of where(part, left, wanted, table, now)) found.add(row);
      left = left.filter((row) => !found.has(row));
    }
    return rows.filter((row) => found.has(row));
  }

  function tested(test, rows, wanted, table, now) {
    const { cells, kind } = filter.findColumn(test.key, table);
    const judge = filter.judgeOf(test, kind, now);
    if (kind === "sets") {
      if (test.operator === "null") return rows.filter((row) => !cells[row].length === (wanted !== test.negated));
      const some = (row) => (cells[row].length ? cells[row].some((value) => judge(value) !== test.negated) : null);
      return rows.filter((row) => some(row) === wanted);
    }
    const asked = test.negated ? !wanted : wanted;
    const { floats } = cells;
    const float = floats instanceof Set ? (row) => floats.has(row) : () => floats === true;
    if (kind === "time" && WORDED.has(test.operator)) {
      const written = (cell) => (typeof cell === "number" ? new Date(cell).toISOString() : cell);
      return rows.filter((row) => judge(written(cells[row])) === asked);
    }
    return rows.filter((row) => judge(cells[row], float(row)) === asked);
  }

  const namesOf = (known) => (known && typeof known.names === "function" ? known.names() : (known && known.names) || known);

  /** Read a filter. Throws `{message, at, hint}`: `at` counts as JavaScript counts a text.

      `names` are the columns that it may ask about; of a table that is `known`, or of its names,
      those that it does: with a dataset's key, only a table's names tell. `select(table, now)` are
      the rows that it finds, in the table's order; `missing(table)` says what no run of it has. */
  filter.parse = function (text, known) {
    const root = filter.read(text);
    if (root !== null) check(root);
    const asked = keys(root);
    const names = known ? [...namesOf(known)] : null;
    return {
      text: text || "",
      names: [...new Set(asked.flatMap((key) => filter.columnsOf(key, names)))],
      select(table, now) {
        const everything = Array.from({ length: table.rows }, (_, row) => row);
        if (root === null) return everything;
        const moment = now === undefined ? Date.now() : Number(now);
        return where(root, everything, true, new filter.Asked(table), moment);
      },
      missing: (table) => filter.missingColumns(asked, new filter.Asked(table)),
    };
  };

  /** The filter as it was written, from the place of a fault on marked. */
  filter.marked = function (text, at) {
    const { h } = gitrack;
    const rest = text.slice(at);
    const word = /^(?:'[^']*'?|"[^"]*"?|\S+)/.exec(rest);
    const end = at + (word ? word[0].length : 0);
    return h("code", { class: "faulty" }, h("bdi", {}, text.slice(0, at), h("mark", {}, text.slice(at, end) || "\u2423"), text.slice(end)));
  };
})();
