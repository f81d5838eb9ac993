/* Tables of runs as the site holds them: a header, then columns in pieces that are loaded when
   somebody needs them. Rows are numbered from the oldest run on. */
(function () {
  "use strict";
  const opened = new Map();
  const waiting = new Map();

  class Store {
    constructor({ place, rows, chunks, layouts, columns, shown, metric }) {
      Object.assign(this, { place, rows, shown, metric });
      this.about = new Map(columns.map((column) => [column.name, { count: rows, longest: 0, ...column, label: label(column.name) }]));
      this.names = columns.map((column) => column.name);
      this.cells = new Map();
      let start = 0;
      this.chunks = chunks.map(([count, layout, version], number) => {
        const chunk = { number, start, count, version, blocks: layouts[layout], of: new Map(), arrived: new Set() };
        chunk.blocks.forEach((block, at) => block.forEach((column) => chunk.of.set(this.names[column], at)));
        start += count;
        return chunk;
      });
    }

    has(name) { return this.about.has(name); }

    /** Values by row, null where missing; null for a column that is not (wholly) loaded or not there. */
    column(name) { return this.whole(name) ? this.peek(name) : null; }

    /** The same, as far as it has come. */
    peek(name) {
      if (!this.cells.has(name)) this.cells.set(name, new Array(this.rows).fill(null));
      return this.cells.get(name);
    }

    whole(name) {
      return this.has(name) && this.chunks.every((chunk) => !chunk.of.has(name) || chunk.arrived.has(chunk.of.get(name)));
    }

    /** Load columns, by default of all runs. Names that no run has are nobody's fault. */
    async need(names, chunks = this.chunks) {
      const loads = [];
      for (const chunk of [...chunks].reverse()) {
        for (const block of new Set(names.map((name) => chunk.of.get(name)).filter((at) => at !== undefined))) {
          /* The version keeps a browser from joining pieces of two builds. */
          if (!chunk.arrived.has(block)) loads.push(gitrack.load(`${this.place}/${chunk.number}-${block}.js?v=${chunk.version}`));
        }
      }
      if (loads.length) await Promise.all(loads);
    }

    receive(number, block, columns) {
      const chunk = this.chunks[number];
      if (!chunk || chunk.arrived.has(block)) return;
      chunk.blocks[block].forEach((column, at) => fill(this.peek(this.names[column]), chunk.start, chunk.count, columns[at]));
      chunk.arrived.add(block);
    }
  }

  function label(name) {
    const dot = name.indexOf(".");
    return dot > 0 && /^(metrics|params|tags|history|seeds)\./.test(name) ? name.slice(dot + 1) : name;
  }

  /** A column of a piece: values, or texts and which of them each row has (without: all the one);
      where few rows have one, which (`r`) and a column of theirs (`p`). `f` tells the rows whose numbers are floats that look like whole ones: 6.0 is not the text 6. */
  function fill(cells, start, count, packed) {
    if (packed === null) return;
    if (Array.isArray(packed)) {
      for (let row = 0; row < count; row++) cells[start + row] = packed[row];
      return;
    }
    if (packed.r) {
      const there = [];
      fill(there, 0, packed.r.length, packed.p);
      packed.r.forEach((row, at) => { cells[start + row] = there[at]; });
      if (there.floats) cells.floats = new Set([...(cells.floats || []), ...[...there.floats].map((at) => start + packed.r[at])]);
      return;
    }
    if (packed.v) {
      fill(cells, start, count, packed.v);
      if (!cells.floats) cells.floats = new Set();
      if (packed.f === 1) for (let row = 0; row < count; row++) cells.floats.add(start + row);
      else for (const row of packed.f) cells.floats.add(start + row);
      return;
    }
    const { t: texts, c: codes } = packed;
    for (let row = 0; row < count; row++) {
      const code = codes ? codes[row] : 0;
      cells[start + row] = code < 0 ? null : texts[code];
    }
  }

  gitrack.tables = {
    /** Called by `head.js` of a table. */
    head(data) {
      const store = new Store(data);
      opened.set(data.place, store);
      if (waiting.has(data.place)) waiting.get(data.place)(store);
      const place = document.getElementById("runs");
      if (place && place.dataset.table === data.place) gitrack.grid.start(store, place);
    },
    /** Called by the pieces of a table. */
    block(place, number, block, columns) {
      const store = opened.get(place);
      if (store) store.receive(number, block, columns);
    },
    /** A table for another page: `await gitrack.tables.open("data/tables/all")`. */
    async open(place) {
      if (!opened.has(place)) {
        const came = new Promise((resolve) => waiting.set(place, resolve));
        await gitrack.load(place + "/head.js");
        await came;
      }
      return opened.get(place);
    },
  };
})();
