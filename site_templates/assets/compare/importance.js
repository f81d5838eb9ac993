/* How much of a metric each param explains by itself, over many runs. This is the definition of
   gitrack/model/importance.py, which sweeps' pages use, step by step; a test holds them together. */
(function () {
  "use strict";
  const LEAST = 8;
  const MOST = 2000;
  const SHARES = 6;
  const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

  /** A number, or a text that is written like one; truth values are none. */
  function numberOf(value) {
    if (typeof value === "number") return value;
    return typeof value === "string" && NUMBER.test(value) ? Number(value) : NaN;
  }

  /** Ranks from 1; equal values share the mean of theirs. */
  function ranks(values) {
    const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
    const found = new Array(values.length);
    for (let start = 0; start < order.length;) {
      let end = start + 1;
      while (end < order.length && values[order[end]] === values[order[start]]) end += 1;
      for (let at = start; at < end; at += 1) found[order[at]] = (start + 1 + end) / 2;
      start = end;
    }
    return found;
  }

  const sum = (values) => values.reduce((all, value) => all + value, 0);

  /** Spearman's: whether the one rises with the other, from -1 to 1. */
  function together(one, other) {
    const [x, y] = [sum(one) / one.length, sum(other) / other.length];
    const [wide, high] = [sum(one.map((a) => (a - x) ** 2)), sum(other.map((b) => (b - y) ** 2))];
    return wide && high ? sum(one.map((a, i) => (a - x) * (other[i] - y))) / Math.sqrt(wide * high) : null;
  }

  /** The group of each: equal values together, many different ones in equal shares by size. */
  function shares(values) {
    const count = Math.min(SHARES, Math.max(2, Math.floor(values.length / 4)));
    if (new Set(values).size <= count) return values;
    const ordered = [...values].sort((a, b) => a - b);
    const edges = [];
    for (let part = 1; part < count; part += 1) edges.push(ordered[Math.floor((ordered.length * part) / count)]);
    return values.map((value) => edges.filter((edge) => value >= edge).length);
  }

  /** One param over the runs that have it, as `[value, result]`: the part of the ranks' variance
      that lies between its values, less what chance would show (epsilon squared). */
  function judge(name, pairs) {
    const words = pairs.map(([value]) => typeof value + " " + value);
    if (pairs.length < LEAST || new Set(words).size < 2) return null;
    const ranked = ranks(pairs.map(([, result]) => result));
    const mean = sum(ranked) / ranked.length;
    const total = sum(ranked.map((rank) => (rank - mean) ** 2));
    if (!total) return null;
    const numbers = pairs.map(([value]) => numberOf(value));
    const numeric = numbers.every(Number.isFinite);
    const keys = numeric ? shares(numbers) : words;
    const direction = numeric ? together(ranks(numbers), ranked) : null;
    const groups = new Map();
    keys.forEach((key, at) => groups.set(key, [...(groups.get(key) || []), ranked[at]]));
    /* As good as every run for itself. */
    if (groups.size < 2 || groups.size > pairs.length / 2) return { name, share: 0, direction };
    const within = sum([...groups.values()].map((group) => { const middle = sum(group) / group.length; return sum(group.map((rank) => (rank - middle) ** 2)); }));
    const byChance = (within / (pairs.length - groups.size)) * (groups.size - 1);
    return { name, share: Math.max(0, (total - within - byChance) / total), direction };
  }

  const kept = new Map();

  /** `{metric, runs, rows: [{name, share, direction}]}`, the most telling first, or null with too
      few runs. */
  function importance({ runs, measure }) {
    if (!measure || runs.length < LEAST) return null;
    const used = runs.filter((run) => Number.isFinite(gitrack.compare.metric(run, measure.name))).slice(0, MOST);
    const key = measure.name + "|" + used.map((run) => run.id).join(",");
    if (!kept.has(key)) kept.set(key, all(used, measure));
    return kept.get(key);
  }

  function all(used, measure) {
    const pairs = new Map();
    for (const run of used) {
      for (const [name, value] of run.params) {
        if (value === null || value === undefined || gitrack.compare.isSeed(name)) continue;
        if (!pairs.has(name)) pairs.set(name, []);
        pairs.get(name).push([value, gitrack.compare.metric(run, measure.name)]);
      }
    }
    const rows = [...pairs].map(([name, some]) => judge(name, some)).filter(Boolean);
    const order = (one) => Math.round(one.share * 1e9);
    rows.sort((a, b) => order(b) - order(a) || (a.name < b.name ? -1 : 1));
    return rows.length ? { metric: measure.name, runs: used.length, rows } : null;
  }

  Object.assign(gitrack.compare, { importance });
})();
