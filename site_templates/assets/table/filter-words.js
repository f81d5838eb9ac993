/* What stands in the filter: the language of the command line, or plain words to look for. */
(function () {
  "use strict";
  const LANGUAGE = /[<>=~!()]|\b(?:like|ilike|rlike|contains|matches|in|between|is)\b/i;
  const words = new WeakMap();

  /** {names, select, fault, missing}: `select` gives the numbers of rows; without it every row passes.
      `missing` are the columns that it asks about and that no run has. */
  function understand(text, store) {
    const nothing = { names: [], select: null, fault: null, missing: [] };
    const wanted = text.trim();
    if (!wanted) return nothing;
    if (!LANGUAGE.test(wanted)) return lookFor(wanted.toLowerCase().split(/\s+/), store);
    try {
      const { names, select, missing } = gitrack.filter.parse(wanted, store);
      const table = { rows: store.rows, column: () => null, names: () => store.names };
      return { names, select, fault: null, missing: missing(table) };
    } catch (wrong) {
      if (!wrong || wrong.message === undefined) throw wrong;
      return { ...nothing, fault: wrong };
    }
  }

  /** Every word is somewhere in a run's name, id, experiment, status or tags. */
  function lookFor(wanted, store) {
    const names = ["name", "id", "experiment", "status", ...store.names.filter((name) => store.about.get(name).group === "tags" && !store.about.get(name).number)];
    return {
      names,
      fault: null,
      missing: [],
      select(table) {
        if (!words.has(store)) {
          const columns = names.map((name) => table.column(name)).filter(Boolean);
          words.set(store, Array.from({ length: table.rows }, (_, row) => columns.map((cells) => cells[row] ?? "").join("\n").toLowerCase()));
        }
        const texts = words.get(store);
        const found = [];
        for (let row = 0; row < texts.length; row++) if (wanted.every((word) => texts[row].includes(word))) found.push(row);
        return found;
      },
    };
  }

  gitrack.understand = understand;
})();
