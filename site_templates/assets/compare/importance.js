/* Which params go with a metric, over many runs: a small forest of random trees, and what it loses
   when one param is shuffled. The same runs give the same answer: chance has a fixed seed. */
(function () {
  "use strict";
  const LEAST = 8;
  const TREES = 60;
  const MOST = 2000;

  /** Mulberry32: small, fast, the same everywhere. */
  function chance(seed) {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let word = Math.imul(state ^ (state >>> 15), 1 | state);
      word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
      return ((word ^ (word >>> 14)) >>> 0) / 4294967296;
    };
  }

  /** A param's values as numbers: its own, or the places of its words by what they go with. */
  function column(values, results) {
    const numbers = values.map((value) => (typeof value === "number" ? value : typeof value === "string" && value.trim() !== "" ? Number(value) : NaN));
    const given = values.filter((value) => value !== undefined && value !== null);
    if (given.length && numbers.filter(Number.isFinite).length === given.length) {
      const least = Math.min(...numbers.filter(Number.isFinite));
      return { numeric: true, values: numbers.map((value) => (Number.isFinite(value) ? value : least - 1)) };
    }
    const sums = new Map();
    values.forEach((value, i) => {
      const [sum, count] = sums.get(String(value)) || [0, 0];
      sums.set(String(value), [sum + results[i], count + 1]);
    });
    const places = new Map([...sums].sort((a, b) => a[1][0] / a[1][1] - b[1][0] / b[1][1] || (a[0] < b[0] ? -1 : 1)).map(([word], place) => [word, place]));
    return { numeric: false, values: values.map((value) => places.get(String(value))) };
  }

  function grow(rows, columns, results, draw, depth) {
    const mean = rows.reduce((sum, i) => sum + results[i], 0) / rows.length;
    if (depth === 0 || rows.length < 4) return { mean };
    let best = null;
    for (const [at, values] of columns.entries()) {
      let [low, high] = [Infinity, -Infinity];
      for (const i of rows) { low = Math.min(low, values[i]); high = Math.max(high, values[i]); }
      if (!(high > low)) continue;
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const cut = low + (high - low) * draw();
        let [count, sum] = [0, 0];
        for (const i of rows) if (values[i] <= cut) { count += 1; sum += results[i]; }
        if (!count || count === rows.length) continue;
        const all = mean * rows.length;
        const gain = (sum * sum) / count + ((all - sum) ** 2) / (rows.length - count);
        if (!best || gain > best.gain) best = { gain, at, cut };
      }
    }
    if (!best) return { mean };
    const values = columns[best.at];
    const part = (side) => rows.filter((i) => (values[i] <= best.cut) === side);
    return { at: best.at, cut: best.cut, below: grow(part(true), columns, results, draw, depth - 1), above: grow(part(false), columns, results, draw, depth - 1) };
  }

  function told(tree, value) {
    let node = tree;
    while (node.below) node = value(node.at) <= node.cut ? node.below : node.above;
    return node.mean;
  }

  const ranks = (values) => {
    const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
    const found = new Array(values.length);
    for (let i = 0; i < order.length;) {
      let j = i;
      while (j < order.length && values[order[j]] === values[order[i]]) j += 1;
      for (let k = i; k < j; k += 1) found[order[k]] = (i + j - 1) / 2;
      i = j;
    }
    return found;
  };

  /** Spearman's: whether the one rises with the other, from -1 to 1. */
  function together(one, other) {
    const [a, b] = [ranks(one), ranks(other)];
    const middle = (one.length - 1) / 2;
    let [sum, x, y] = [0, 0, 0];
    for (let i = 0; i < a.length; i += 1) { sum += (a[i] - middle) * (b[i] - middle); x += (a[i] - middle) ** 2; y += (b[i] - middle) ** 2; }
    return x && y ? sum / Math.sqrt(x * y) : 0;
  }

  /** The forest's error, case by case out of the draws that grew its trees, as is and shuffled. */
  function forest(columns, results) {
    const draw = chance(20240901);
    const count = results.length;
    const lost = new Float64Array(columns.length);
    let [error, judged] = [0, 0];
    for (let number = 0; number < TREES; number += 1) {
      const drawn = new Uint8Array(count);
      const rows = Array.from({ length: count }, () => { const i = Math.floor(draw() * count); drawn[i] = 1; return i; });
      const out = [...drawn.keys()].filter((i) => !drawn[i]);
      if (out.length < 2) continue;
      const tree = grow(rows, columns, results, draw, 8);
      const plain = out.map((i) => (told(tree, (at) => columns[at][i]) - results[i]) ** 2);
      error += plain.reduce((sum, value) => sum + value, 0);
      judged += out.length;
      columns.forEach((values, at) => {
        const mixed = [...out];
        for (let i = mixed.length - 1; i > 0; i -= 1) { const j = Math.floor(draw() * (i + 1)); [mixed[i], mixed[j]] = [mixed[j], mixed[i]]; }
        out.forEach((i, place) => { lost[at] += (told(tree, (other) => (other === at ? values[mixed[place]] : columns[other][i])) - results[i]) ** 2 - plain[place]; });
      });
    }
    return { lost, error: judged ? error / judged : NaN };
  }

  const kept = new Map();

  /** `{metric, runs, explained, rows: [{name, share, direction}]}`, or null with too few runs. */
  function importance({ runs, measure }) {
    if (!measure || runs.length < LEAST) return null;
    const used = runs.filter((run) => Number.isFinite(gitrack.compare.metric(run, measure.name))).slice(0, MOST);
    const key = measure.name + "|" + used.map((run) => run.id).join(",");
    if (!kept.has(key)) kept.set(key, judge(used, measure));
    return kept.get(key);
  }

  function judge(used, measure) {
    if (used.length < LEAST) return null;
    const results = used.map((run) => gitrack.compare.metric(run, measure.name));
    const maps = used.map((run) => new Map(run.params));
    const names = [...new Set(maps.flatMap((map) => [...map.keys()]))].filter((name) => new Set(maps.map((map) => String(map.get(name)))).size > 1 && !gitrack.compare.isSeed(name)).slice(0, 60);
    if (!names.length) return null;
    const columns = names.map((name) => column(maps.map((map) => map.get(name)), results));
    const { lost, error } = forest(columns.map((one) => one.values), results);
    const mean = results.reduce((sum, value) => sum + value, 0) / results.length;
    const spread = results.reduce((sum, value) => sum + (value - mean) ** 2, 0) / results.length;
    const all = lost.reduce((sum, value) => sum + Math.max(0, value), 0);
    const rows = names.map((name, at) => ({ name, share: all ? Math.max(0, lost[at]) / all : 0, direction: columns[at].numeric ? together(columns[at].values, results) : null }));
    return { metric: measure.name, runs: used.length, explained: spread ? Math.max(0, 1 - error / spread) : 0, rows: rows.sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1)) };
  }

  Object.assign(gitrack.compare, { importance });
})();
