/* The filter language, as the command line has it. This file: texts and numbers as Python writes
   and compares them, which is what params are by. */
(function () {
  "use strict";
  const filter = (gitrack.filter = {});

  /** What a filter throws: `at` is the place in the filter, `hint` what to write instead. */
  filter.Fault = class extends Error {
    constructor(at, why, hint) {
      super(why);
      this.name = "InvalidFilter";
      this.at = at;
      this.hint = hint || null;
    }
  };

  /** A number as Python writes it: `0.05`, `1e-05`, `8`; `whole` ones that are floats as `8.0`. */
  function numberText(value, float) {
    if (Number.isNaN(value)) return "nan";
    if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
    if (Number.isInteger(value) && !float) return Object.is(value, -0) ? "0" : BigInt(value).toString();
    const sign = value < 0 || Object.is(value, -0) ? "-" : "";
    const [mantissa, power] = Math.abs(value).toExponential().split("e");
    const digits = mantissa.replace(".", "");
    const exponent = Number(power);
    if (exponent < -4 || exponent >= 16) {
      const shown = String(Math.abs(exponent)).padStart(2, "0");
      return sign + mantissa + "e" + (exponent < 0 ? "-" : "+") + shown;
    }
    if (exponent < 0) return sign + "0." + "0".repeat(-exponent - 1) + digits;
    const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
    return sign + whole + "." + (digits.slice(exponent + 1) || "0");
  }

  /** A cell as MLflow keeps it: `0.05`, `8`, `True`. */
  function text(cell, float) {
    if (typeof cell === "string") return cell;
    if (typeof cell === "boolean") return cell ? "True" : "False";
    return numberText(cell, float);
  }

  const NUMBER = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

  /** A number, or a text that is written like one; truth values are none. */
  function numberOf(cell) {
    if (typeof cell === "number") return cell;
    return typeof cell === "string" && NUMBER.test(cell) ? Number(cell) : null;
  }

  /** Texts by their code points; the language's own order is by halves of them. */
  function before(a, b) {
    const shorter = Math.min(a.length, b.length);
    for (let at = 0; at < shorter; at++) {
      if (a.charCodeAt(at) === b.charCodeAt(at)) continue;
      return a.codePointAt(at) < b.codePointAt(at);
    }
    return a.length < b.length;
  }

  const SIGNS = {
    "=": (a, b) => a === b,
    "<": (a, b) => (typeof a === "string" ? before(a, b) : a < b),
    "<=": (a, b) => (typeof a === "string" ? !before(b, a) : a <= b),
    ">": (a, b) => (typeof a === "string" ? before(b, a) : a > b),
    ">=": (a, b) => (typeof a === "string" ? !before(a, b) : a >= b),
  };

  /* ---- near names: the ratio of Ratcliff and Obershelp, as Python's difflib has it ---- */

  function longest(a, b, places, [fromA, toA, fromB, toB]) {
    let [bestA, bestB, size] = [fromA, fromB, 0];
    let lengths = new Map();
    for (let i = fromA; i < toA; i++) {
      const fresh = new Map();
      for (const j of places.get(a[i]) || []) {
        if (j < fromB) continue;
        if (j >= toB) break;
        const length = (lengths.get(j - 1) || 0) + 1;
        fresh.set(j, length);
        if (length > size) [bestA, bestB, size] = [i - length + 1, j - length + 1, length];
      }
      lengths = fresh;
    }
    return [bestA, bestB, size];
  }

  function ratio(a, b) {
    const [left, right] = [[...a], [...b]];
    if (!left.length && !right.length) return 1;
    const places = new Map();
    right.forEach((character, j) => places.set(character, [...(places.get(character) || []), j]));
    let same = 0;
    const waiting = [[0, left.length, 0, right.length]];
    while (waiting.length) {
      const [fromA, toA, fromB, toB] = waiting.pop();
      const [i, j, size] = longest(left, right, places, [fromA, toA, fromB, toB]);
      if (!size) continue;
      same += size;
      if (fromA < i && fromB < j) waiting.push([fromA, i, fromB, j]);
      if (i + size < toA && j + size < toB) waiting.push([i + size, toA, j + size, toB]);
    }
    return (2 * same) / (left.length + right.length);
  }

  function closest(name, names) {
    let [best, score] = [null, 0.65];
    for (const one of names) {
      if (2 * Math.min(one.length, name.length) < score * (one.length + name.length)) continue;
      const likeness = ratio(one, name);
      if (likeness > score || (likeness === score && (best === null || before(best, one)))) [best, score] = [one, likeness];
    }
    return best;
  }

  /** The known name most like this one, compared whole and then without its section. */
  function near(name, names) {
    const whole = [...names];
    const close = closest(name, whole);
    if (close !== null) return close;
    const tails = new Map();
    for (const known of whole) {
      const dot = known.indexOf(".");
      const tail = dot >= 0 && dot < known.length - 1 ? known.slice(dot + 1) : known;
      if (!tails.has(tail)) tails.set(tail, known);
    }
    const tail = closest(name, tails.keys());
    return tail === null ? null : tails.get(tail);
  }

  Object.assign(filter, { text, numberText, numberOf, SIGNS, near });
})();
