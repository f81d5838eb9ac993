/* The drawn graph as the script knows it: nodes, links, what is related, and where boxes go when
   only some of them are shown. */
(function () {
  "use strict";

  const KEYS = ["key", "kind", "label", "sub", "href", "words", "facts", "known", "layer", "height", "group"];

  /** One of the two drawings: everything, or the map. */
  function graph(data) {
    const items = data.items.map((cells, at) => {
      const item = Object.fromEntries(KEYS.map((key, place) => [key, cells[place]]));
      return Object.assign(item, { at, into: [], out: [] });
    });
    const links = data.links.map(([source, target, word, bends]) => {
      const link = { source: items[source], target: items[target], word, bends };
      link.source.out.push(link);
      link.target.into.push(link);
      return link;
    });
    return { items, links, layers: data.layers, height: data.height };
  }

  /** The nodes that a name means: itself, or all that belong to it (`model/churn`). */
  const named = (whole, key) => whole.items.filter((item) => item.key === key || item.key.startsWith(key + "/"));

  /** All that leads to the chosen nodes and all that they lead to, with the links in between. */
  function related(chosen) {
    const items = new Set(chosen);
    const links = new Set();
    for (const [near, end] of [["into", "source"], ["out", "target"]]) {
      const todo = [...chosen];
      const seen = new Set(chosen);
      while (todo.length) {
        for (const link of todo.pop()[near]) {
          links.add(link);
          const other = link[end];
          items.add(other);
          if (!seen.has(other)) {
            seen.add(other);
            todo.push(other);
          }
        }
      }
    }
    return { items, links };
  }

  /** The heights nearest to those wanted, in their order, a row apart: isotonic regression. */
  function nearest(wanted) {
    const blocks = [];
    wanted.forEach((want, place) => {
      let [total, count] = [want - place, 1];
      while (blocks.length && blocks[blocks.length - 1][0] * count >= total * blocks[blocks.length - 1][1]) {
        const above = blocks.pop();
        total += above[0];
        count += above[1];
      }
      blocks.push([total, count]);
    });
    return blocks.flatMap(([total, count]) => Array(count).fill(total / count)).map((height, place) => height + place);
  }

  /** Places for some of the nodes: empty layers are closed, heights follow the neighbours. */
  function settle(items, links) {
    const layers = [...new Set([...items].map((item) => item.layer))].sort((a, b) => a - b);
    const rows = layers.map((layer) => [...items].filter((item) => item.layer === layer).sort((a, b) => a.height - b.height));
    const height = new Map();
    const near = new Map([...items].map((item) => [item, []]));
    for (const link of links) {
      near.get(link.source).push(link.target);
      near.get(link.target).push(link.source);
    }
    for (const row of rows) row.forEach((item, place) => height.set(item, place));
    for (let turn = 0; turn < 8; turn += 1) {
      for (const row of turn % 2 ? [...rows].reverse() : rows) {
        const wanted = row.map((item) => {
          const beside = near.get(item);
          return beside.length ? beside.reduce((sum, other) => sum + height.get(other), 0) / beside.length : height.get(item);
        });
        nearest(wanted).forEach((found, place) => height.set(row[place], found));
      }
    }
    const top = Math.min(...height.values());
    const places = new Map();
    rows.forEach((row, layer) => row.forEach((item) => places.set(item, [layer, height.get(item) - top + 0.5])));
    return { places, layers: rows.length, height: Math.max(...height.values()) - top + 1 };
  }

  gitrack.graphs = { graph, named, related, settle };
  gitrack.lineage = (data) => { gitrack.lineageGiven = data; };
  gitrack.folded = (data) => { gitrack.lineageCounted = data; };
})();
