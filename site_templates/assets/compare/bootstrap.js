/* The paired bootstrap: the same cases are drawn for both models, as NumPy's PCG64 draws them from
   one seed that never changes; so everybody sees the same interval, and the gates' code agrees. */
(function () {
  "use strict";

  /* The generator begun from SHA-256 of "gitrack compare"; limbs of 16 bits, the lowest first. */
  const BEGIN = [0xdd22, 0x2a78, 0x0e65, 0xed1f, 0x66da, 0x0114, 0xe889, 0x782d];
  const STEP = [0x81ff, 0xfe30, 0x486e, 0x5d15, 0x2d90, 0x6fb9, 0x9787, 0x3fe0];
  const FACTOR = [0xf645, 0x9fcc, 0xdf64, 0x4385, 0x5da4, 0x1fc6, 0xed05, 0x2360];
  /** As scikit-learn has it for float64. */
  const EPSILON = 2.220446049250313e-16;

  /** Fills `high` and `low` with the halves of the next words. */
  function generator() {
    const now = Int32Array.from(BEGIN);
    const next = new Int32Array(8);
    return (high, low, count) => {
      for (let place = 0; place < count; place += 1) {
        let carry = 0;
        for (let k = 0; k < 8; k += 1) {
          let sum = carry + STEP[k];
          for (let i = 0; i <= k; i += 1) sum += now[i] * FACTOR[k - i];
          next[k] = sum & 0xffff;
          carry = Math.floor(sum / 0x10000);
        }
        now.set(next);
        const a = ((now[4] ^ now[0]) | ((now[5] ^ now[1]) << 16)) >>> 0;
        const b = ((now[6] ^ now[2]) | ((now[7] ^ now[3]) << 16)) >>> 0;
        const turn = now[7] >>> 10;
        const [upper, lower] = turn & 32 ? [a, b] : [b, a];
        const by = turn & 31;
        high[place] = by ? (upper >>> by) | (lower << (32 - by)) : upper;
        low[place] = by ? (lower >>> by) | (upper << (32 - by)) : lower;
      }
    };
  }

  /** How often each case is drawn, draw by draw. */
  function draws(cases) {
    const fill = generator();
    const half = (cases + 1) >> 1;
    const high = new Uint32Array(half);
    const low = new Uint32Array(half);
    const counts = new Float64Array(cases);
    return () => {
      fill(high, low, half);
      counts.fill(0);
      for (let i = 0; i < cases; i += 1) {
        const word = i < half ? high[i] : low[i - half];
        counts[Math.floor((word * cases) / 4294967296)] += 1;
      }
      return counts;
    };
  }

  /** The mean of what each case adds. */
  const meanOf = (each) => (counts) => {
    let [sum, all] = [0, 0];
    for (let i = 0; i < each.length; i += 1) { sum += counts[i] * each[i]; all += counts[i]; }
    return sum / all;
  };

  /** From the highest score down, equal ones at once: `told(positive, negative)` so far. */
  function byScore(truth, scores) {
    const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
    const ends = Uint8Array.from(order, (item, i) => (i + 1 === order.length || scores[order[i + 1]] !== scores[item] ? 1 : 0));
    return (counts, told) => {
      let [hit, wrong] = [0, 0];
      for (let i = 0; i < order.length; i += 1) {
        if (truth[order[i]]) hit += counts[order[i]];
        else wrong += counts[order[i]];
        if (ends[i]) told(hit, wrong);
      }
    };
  }

  function auc(truth, scores) {
    const walk = byScore(truth, scores);
    return (counts) => {
      let [sum, lastHit, lastWrong] = [0, 0, 0];
      walk(counts, (hit, wrong) => {
        sum += (wrong - lastWrong) * (hit + lastHit) / 2;
        [lastHit, lastWrong] = [hit, wrong];
      });
      return lastHit && lastWrong ? sum / (lastHit * lastWrong) : NaN;
    };
  }

  function averagePrecision(truth, scores) {
    const walk = byScore(truth, scores);
    return (counts) => {
      let [sum, last] = [0, 0];
      walk(counts, (hit, wrong) => {
        if (hit > last) sum += (hit - last) * hit / (hit + wrong);
        last = hit;
      });
      return last ? sum / last : NaN;
    };
  }

  function ofTable(truth, scores, parts) {
    return (counts) => {
      let [hit, wrong, missed] = [0, 0, 0];
      for (let i = 0; i < truth.length; i += 1) {
        const said = scores[i] > 0.5;
        if (truth[i]) { if (said) hit += counts[i]; else missed += counts[i]; } else if (said) wrong += counts[i];
      }
      const [above, below] = parts(hit, wrong, missed);
      return below ? above / below : 0;
    };
  }

  const likely = (scores) => scores.every((score) => score >= 0 && score <= 1);
  const clipped = (p) => Math.min(1 - EPSILON, Math.max(EPSILON, p));

  /* [key, name, which way is better, task, (truth, scores) => counts => value, needs probabilities] */
  const MEASURES = [
    ["roc_auc", "ROC AUC", "maximize", "binary", auc],
    ["average_precision", "Average precision", "maximize", "binary", averagePrecision],
    ["log_loss", "Log loss", "minimize", "binary", (t, s) => meanOf(s.map((p, i) => -Math.log(clipped(t[i] ? p : 1 - p)))), true],
    ["brier", "Brier score", "minimize", "binary", (t, s) => meanOf(s.map((p, i) => (p - t[i]) ** 2)), true],
    ["accuracy", "Accuracy at 0.5", "maximize", "binary", (t, s) => meanOf(s.map((p, i) => (Boolean(t[i]) === p > 0.5 ? 1 : 0))), true],
    ["f1", "F1 at 0.5", "maximize", "binary", (t, s) => ofTable(t, s, (hit, wrong, missed) => [2 * hit, 2 * hit + wrong + missed]), true],
    ["precision", "Precision at 0.5", "maximize", "binary", (t, s) => ofTable(t, s, (hit, wrong) => [hit, hit + wrong]), true],
    ["recall", "Recall at 0.5", "maximize", "binary", (t, s) => ofTable(t, s, (hit, _, missed) => [hit, hit + missed]), true],
    ["rmse", "RMSE", "minimize", "regression", (t, s) => { const squared = meanOf(s.map((p, i) => (t[i] - p) ** 2)); return (counts) => Math.sqrt(squared(counts)); }],
    ["mse", "MSE", "minimize", "regression", (t, s) => meanOf(s.map((p, i) => (t[i] - p) ** 2))],
    ["mae", "MAE", "minimize", "regression", (t, s) => meanOf(s.map((p, i) => Math.abs(t[i] - p)))],
    ["r2", "R²", "maximize", "regression", r2],
    ["accuracy", "Accuracy", "maximize", "multiclass", (t, s) => meanOf(s.map((p, i) => (p === t[i] ? 1 : 0)))],
  ];

  function r2(truth, guess) {
    const middle = truth.reduce((sum, value) => sum + value, 0) / truth.length;
    return (counts) => {
      let [all, missed, squared, sum] = [0, 0, 0, 0];
      for (let i = 0; i < truth.length; i += 1) {
        all += counts[i];
        missed += counts[i] * (truth[i] - guess[i]) ** 2;
        squared += counts[i] * (truth[i] - middle) ** 2;
        sum += counts[i] * (truth[i] - middle);
      }
      const spread = squared - sum * sum / all;
      return spread > 0 ? 1 - missed / spread : NaN;
    };
  }

  /** The quantile of sorted values, between two of them in proportion. */
  function quantile(sorted, share) {
    const at = (sorted.length - 1) * share;
    const below = Math.floor(at);
    return sorted[below] + (at - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
  }

  /** What can be measured of both. */
  const able = (task, one, other, keys) => MEASURES.filter(([key, , , of, , probable]) => of === task && (!keys || keys.includes(key)) && (!probable || (likely(one) && likely(other))));

  const pause = () => new Promise((resolve) => setTimeout(resolve));

  /** What can be measured of both, with the interval of the difference `one - other`.
      Draws go on in pieces, so that the page answers meanwhile; `alive()` false ends them. */
  async function paired(task, truth, one, other, { resamples = 2000, confidence = 0.95, keys, alive = () => true } = {}) {
    const measures = able(task, one, other, keys);
    const both = measures.map(([, , , , make]) => [make(truth, one), make(truth, other)]);
    const differences = measures.map(() => []);
    const draw = draws(truth.length);
    let since = performance.now();
    for (let i = 0; i < resamples; i += 1) {
      const counts = draw();
      both.forEach(([a, b], place) => {
        const difference = a(counts) - b(counts);
        if (!Number.isNaN(difference)) differences[place].push(difference);
      });
      if (performance.now() - since > 30) {
        await pause();
        if (!alive()) return null;
        since = performance.now();
      }
    }
    const whole = new Float64Array(truth.length).fill(1);
    return measures.map(([key, name, goal], place) => {
      const [a, b] = both[place].map((compute) => compute(whole));
      const found = differences[place].sort((x, y) => x - y);
      const enough = found.length >= Math.max(resamples / 2, 1);
      const rest = (1 - confidence) / 2;
      return {
        key, name, goal, one: a, other: b, difference: a - b,
        low: enough ? quantile(found, rest) : null, high: enough ? quantile(found, 1 - rest) : null, how: `${resamples} paired draws`,
      };
    });
  }

  gitrack.statistics.paired = paired;
  gitrack.statistics.measures = (task, one, other) => able(task, one, other).map(([key, name, goal]) => ({ key, name, goal }));
})();
