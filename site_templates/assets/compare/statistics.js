/* Two runs on the same cases: how sure is a difference? The same numbers as the gates' own:
   DeLong's interval for the area under the ROC curve, the paired bootstrap for the rest. */
(function () {
  "use strict";

  /** Ranks from 1; equal values share the mean of theirs. */
  function midranks(values) {
    const order = Uint32Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
    const ranks = new Float64Array(values.length);
    for (let i = 0; i < order.length;) {
      let j = i;
      while (j < order.length && values[order[j]] === values[order[i]]) j += 1;
      for (let k = i; k < j; k += 1) ranks[order[k]] = (i + j + 1) / 2;
      i = j;
    }
    return ranks;
  }

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  function covariance(one, other) {
    const [a, b] = [mean(one), mean(other)];
    let sum = 0;
    for (let i = 0; i < one.length; i += 1) sum += (one[i] - a) * (other[i] - b);
    return sum / (one.length - 1);
  }

  /** The area under one model's ROC curve, and how much each case has to do with it. */
  function area(truth, scores) {
    const all = Float64Array.from(scores);
    const ranks = midranks(all);
    const of = (kind) => Float64Array.from([...all.keys()].filter((i) => Boolean(truth[i]) === kind), (i) => ranks[i]);
    const pick = (kind) => Float64Array.from([...all.keys()].filter((i) => Boolean(truth[i]) === kind), (i) => all[i]);
    const [positive, negative] = [of(true), of(false)];
    const [count, rest] = [positive.length, negative.length];
    if (Math.min(count, rest) < 2) return null;
    const ownPositive = midranks(pick(true));
    const ownNegative = midranks(pick(false));
    return {
      auc: positive.reduce((sum, rank) => sum + rank, 0) / (count * rest) - (count + 1) / (2 * rest),
      ofPositive: positive.map((rank, i) => (rank - ownPositive[i]) / rest),
      ofNegative: negative.map((rank, i) => 1 - (rank - ownNegative[i]) / count),
    };
  }

  /** The quantile of the normal distribution (Acklam's approximation, one step of Halley's). */
  function quantile(p) {
    const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
    const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
    const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
    const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
    const poly = (list, x) => list.reduce((sum, value) => sum * x + value, 0);
    let x;
    if (p < 0.02425) { const q = Math.sqrt(-2 * Math.log(p)); x = poly(c, q) / (poly(d, q) * q + 1); }
    else if (p > 1 - 0.02425) { const q = Math.sqrt(-2 * Math.log(1 - p)); x = -poly(c, q) / (poly(d, q) * q + 1); }
    else { const q = p - 0.5; const r = q * q; x = (poly(a, r) * q) / (poly(b, r) * r + 1); }
    const e = normal(x) - p;
    const u = e * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
    return x - u / (1 + (x * u) / 2);
  }

  /** The normal distribution: a series near the middle, a continued fraction in the tails. */
  function normal(x) {
    const size = Math.abs(x);
    if (size > 38) return x > 0 ? 1 : 0;
    const density = Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI);
    let tail;
    if (size < 3) {
      let term = size;
      let sum = size;
      for (let i = 3; Math.abs(term) > 1e-17 * sum; i += 2) { term *= (size * size) / i; sum += term; }
      tail = 0.5 - density * sum;
    } else {
      let fraction = 0;
      for (let i = 60; i > 0; i -= 1) fraction = i / (size + fraction);
      tail = density / (size + fraction);
    }
    return x > 0 ? 1 - tail : tail;
  }

  /** The interval of the difference of two areas on the same cases; null where there are too few. */
  function delong(truth, one, other, confidence = 0.95) {
    const [a, b] = [area(truth, one), area(truth, other)];
    if (!a || !b) return null;
    const part = (x, y) => covariance(x.ofPositive, y.ofPositive) / x.ofPositive.length + covariance(x.ofNegative, y.ofNegative) / x.ofNegative.length;
    const variance = Math.max(0, part(a, a) + part(b, b) - 2 * part(a, b));
    const difference = a.auc - b.auc;
    const reach = quantile((1 + confidence) / 2) * Math.sqrt(variance);
    const p = variance > 0 ? 2 * normal(-Math.abs(difference) / Math.sqrt(variance)) : difference ? 0 : 1;
    return { one: a.auc, other: b.auc, difference, low: difference - reach, high: difference + reach, p, how: "DeLong" };
  }

  gitrack.statistics = { delong, normal, quantile };
})();
