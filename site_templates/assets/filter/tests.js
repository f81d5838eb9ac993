/* The filter language: how one test judges one cell: true, false, or null where it cannot be said.
   A judge gets the cell and whether its number is a float: `6.0` and `6` are two texts. */
(function () {
  "use strict";
  const filter = gitrack.filter;
  const { Fault, SIGNS, text, numberOf, covered, moment } = filter;
  const missing = (cell) => cell === null || cell === undefined;

  const ESCAPES = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

  function escaped(code) {
    const [letter, length] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
    return "\\" + letter + code.toString(16).padStart(length, "0");
  }

  /** A name in quotes as Python shows one. */
  filter.quoted = (name) => {
    const quote = name.includes("'") && !name.includes('"') ? '"' : "'";
    const spelled = name.replaceAll("\\", "\\\\").replaceAll(quote, "\\" + quote);
    return quote + spelled.replace(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (c) => ESCAPES[c] || escaped(c.codePointAt(0))) + quote;
  };
  const { quoted } = filter;

  /** What a test says of a cell, without its negation. `now` is in ms since 1970. Throws a Fault
      for literals that this kind of cell cannot be compared with. */
  filter.judgeOf = function (test, kind, now) {
    const { operator, values } = test;
    if (operator === "null") return missing;
    if (operator === "nan") return (cell) => (missing(cell) ? null : Number.isNaN(cell));
    if (operator === "in") return any(values.map((value) => compared("=", value, kind, now)));
    if (operator === "between") return both(compared(">=", values[0], kind, now), compared("<=", values[1], kind, now));
    if (operator in SIGNS) return compared(operator, values[0], kind, now);
    if (kind === "number") throw new Fault(test.at, operator + " is for text, and " + quoted(test.key.name) + " is a number", "use = or >");
    return matched(operator, values[0], kind === "status");
  };

  function compared(sign, value, kind, now) {
    if (kind === "time") return atTime(sign, value, now);
    if (kind === "number") return asNumber(sign, value);
    if (kind === "status") return asStatus(sign, value.text.toLowerCase());
    if (value.kind === "number" || value.kind === "duration") return numberOrText(sign, value);
    if (value.kind === "truth") return asTruth(sign, value);
    if (value.kind === "date" || value.kind === "now") return dateOrText(sign, value, now);
    return textOrMore(sign, value);
  }

  /** For cells that are numbers: metrics, and the duration in seconds. */
  function asNumber(sign, value) {
    if (value.kind !== "number" && value.kind !== "duration") {
      const hint = numberOf(value.text) !== null ? "write it without quotes" : "write a number";
      throw new Fault(value.at, quoted(value.text) + " is compared with numbers and is none", hint);
    }
    const { number } = value;
    const compare = SIGNS[sign];
    return (cell) => (missing(cell) ? null : compare(cell, number));
  }

  /** For cells that are times: a number is milliseconds since 1970, a text a date. */
  function atTime(sign, value, now) {
    const plain = value.kind === "number" && Math.abs(value.number) < 1e300;
    const span = plain ? [value.number, value.number + 1] : bounds(value, now);
    if (!span) throw new Fault(value.at, quoted(value.text) + " is no time", "write a date such as '2026-01-31', now-7d, or milliseconds since 1970");
    return (cell) => {
      const when = typeof cell === "number" ? cell : typeof cell === "string" ? moment(cell) : null;
      return when === null ? null : within(sign, when, span);
    };
  }

  /** What a date covers, or the millisecond that is so far from now. */
  function bounds(value, now) {
    const shift = value.kind === "now" ? value.number : filter.fromNow(value.text);
    if (shift !== null && (value.kind === "now" || value.kind === "text")) return [now + shift * 1000, now + shift * 1000 + 1];
    return covered(value.text);
  }

  /** A whole day is meant by a day: after it begins when it has ended. */
  function within(sign, when, [since, until]) {
    if (sign === "=") return since <= when && when < until;
    if (sign === "<" || sign === ">=") return when < since === (sign === "<");
    return when < until === (sign === "<=");
  }

  function numberOrText(sign, value) {
    const compare = SIGNS[sign];
    return (cell) => {
      if (missing(cell)) return null;
      const own = numberOf(cell);
      if (own !== null) return compare(own, value.number);
      return sign === "=" ? cell === value.text : null;
    };
  }

  function asTruth(sign, value) {
    if (sign !== "=") throw new Fault(value.at, value.text + " is neither more nor less than anything", "use = or !=");
    const wanted = value.text.toLowerCase();
    return (cell, float) => (missing(cell) ? null : text(cell, float).toLowerCase() === wanted);
  }

  /** For params and tags: cells that are dates compare as dates. */
  function dateOrText(sign, value, now) {
    const span = bounds(value, now);
    if (!span) throw new Fault(value.at, quoted(value.text) + " is not a real date", "write it as yyyy-mm-dd");
    return (cell, float) => {
      if (missing(cell)) return null;
      const own = typeof cell === "string" ? covered(cell) : null;
      if (own) return within(sign, own[0], span);
      return sign === "=" ? text(cell, float) === value.text : null;
    };
  }

  /** A quoted value equals by its text alone; more and less go by number or date if both are. */
  function textOrMore(sign, value) {
    const wanted = value.text;
    if (sign === "=") {
      const lower = wanted.toLowerCase();
      const truth = lower === "true" || lower === "false";
      return (cell, float) => {
        if (missing(cell)) return null;
        const own = text(cell, float);
        return own === wanted || (truth && typeof cell === "boolean" && own.toLowerCase() === wanted);
      };
    }
    const compare = SIGNS[sign];
    const [number, span] = [numberOf(wanted), covered(wanted)];
    return (cell) => {
      if (typeof cell === "boolean" || missing(cell)) return null;
      if (typeof cell !== "string") return number === null ? null : compare(cell, number);
      if (span) {
        const own = covered(cell);
        return own ? within(sign, own[0], span) : null;
      }
      const own = number === null ? null : numberOf(cell);
      return own === null ? compare(cell, wanted) : compare(own, number);
    };
  }

  function asStatus(sign, wanted) {
    const compare = SIGNS[sign];
    return (cell) => (missing(cell) ? null : compare(String(cell).toLowerCase(), wanted));
  }

  /** `like`, `ilike`, `contains` and `matches`: always on the text of a cell. */
  function matched(word, value, fold) {
    if (word === "contains") {
      const part = value.text.toLowerCase();
      return onText((own) => own.toLowerCase().includes(part));
    }
    if (word === "matches") {
      try {
        return onText(filter.regex(value.text));
      } catch (error) {
        if (!(error instanceof filter.BadRegex)) throw error;
        throw new Fault(value.at, "this regular expression cannot be used: " + error.message);
      }
    }
    return onText(like(value.text, word === "ilike" || fold));
  }

  /** Texts repeat in a column: each is judged once. */
  function onText(judge) {
    const known = new Map();
    return (cell, float) => {
      if (missing(cell)) return null;
      const own = text(cell, float);
      let verdict = known.get(own);
      if (verdict === undefined) known.set(own, (verdict = judge(own)));
      return verdict;
    };
  }

  /** `%` is any text, `_` any one character. Pieces between `%` are looked for from the left,
      which needs no trying again. */
  function like(pattern, fold) {
    const flags = "su" + (fold ? "i" : "");
    const source = (piece) => [...piece].map((c) => (c === "_" ? "." : c.replace(/[\\^$.*+?()[\]{}|/]/u, (one) => "\\" + one))).join("");
    const [first, ...rest] = pattern.split(/%+/u);
    if (!rest.length) {
      const whole = new RegExp("^(?:" + source(first) + ")$", flags);
      return (own) => whole.test(own);
    }
    const begin = new RegExp(source(first), flags + "y");
    const middle = rest.slice(0, -1).map((piece) => new RegExp(source(piece), flags + "g"));
    const last = new RegExp(source(rest.at(-1)), flags + "y");
    const lastLength = [...rest.at(-1)].length;
    return (own) => {
      begin.lastIndex = 0;
      const found = begin.exec(own);
      if (!found) return false;
      let at = found[0].length;
      for (const piece of middle) {
        piece.lastIndex = at;
        if (!piece.test(own)) return false;
        at = Math.max(at, piece.lastIndex);
      }
      const from = own.length - tail(own, lastLength);
      last.lastIndex = from;
      return from >= at && last.test(own);
    };
  }

  /** How long the last characters of a text are; longer than the text if it has not so many. */
  function tail(own, characters) {
    let at = own.length;
    for (let left = characters; left > 0; left--) {
      if (at <= 0) return own.length + 1;
      at -= at > 1 && /[\udc00-\udfff]/.test(own[at - 1]) && /[\ud800-\udbff]/.test(own[at - 2]) ? 2 : 1;
    }
    return own.length - at;
  }

  const any = (judges) => (cell, float) => {
    let verdict = false;
    for (const judge of judges) {
      const one = judge(cell, float);
      if (one === true) return true;
      if (one === null) verdict = null;
    }
    return verdict;
  };

  const both = (low, high) => (cell, float) => {
    const [one, other] = [low(cell, float), high(cell, float)];
    return one === false || other === false ? false : one === null || other === null ? null : true;
  };
})();
