/* The filter language: text to tests, and where a text cannot be understood. */
(function () {
  "use strict";
  const filter = gitrack.filter;
  const { Fault } = filter;

  const MAX_LENGTH = 20000;
  const MAX_DEPTH = 60;

  /* Python's \w, \d and \b know every script's letters. */
  const W = "[\\p{L}\\p{N}_]";
  const LETTER = "[\\p{L}\\p{Nl}\\p{No}_]";
  const END = "(?![\\p{L}\\p{N}_./@:-])";
  const EDGE = "(?!" + W + ")";
  const QUOTED_NAME = "`[^`]+`|\"[^\"]+\"";
  const PLAIN_NAME = LETTER + "[\\p{L}\\p{N}_/@:-]*";
  const KEY = "(?:(?:attributes?|attr|run)\\.)?[Rr]un [Nn]ame" + EDGE +
    "|(?:" + PLAIN_NAME + "|" + QUOTED_NAME + ")(?:\\.(?:[\\p{L}\\p{N}_/@:%-]+|" + QUOTED_NAME + "))*";
  const NUMBER = "[+-]?(?:(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?|inf)";

  const sticky = (pattern, flags) => new RegExp("(?:" + pattern + ")", "yu" + (flags || ""));
  const TOKENS = {
    KEY: sticky(KEY),
    COMPARE: sticky("==|!=|<>|<=|>=|!~|=|<|>|~"),
    WORD_COMPARE: sticky("(?:i?like|rlike|contains|matches)" + EDGE, "i"),
    IN: sticky("in" + EDGE, "i"),
    BETWEEN: sticky("between" + EDGE, "i"),
    IS: sticky("is" + EDGE, "i"),
    NULL: sticky("null" + EDGE, "i"),
    NAN: sticky("nan" + EDGE, "i"),
    NEGATION: sticky("not" + EDGE, "i"),
    NOT: sticky("not" + END, "i"),
    AND: sticky("and" + EDGE, "i"),
    OR: sticky("or" + EDGE, "i"),
    LPAR: sticky("\\("),
    RPAR: sticky("\\)"),
    COMMA: sticky(","),
    now: sticky("(?:" + filter.NOW + ")" + END, "i"),
    truth: sticky("(?:true|false)" + END, "i"),
    date: sticky("(?:" + filter.DATE + ")" + END),
    duration: sticky("(?:" + filter.DURATION + ")" + END, "i"),
    number: sticky("(?:" + NUMBER + ")" + END),
    QUOTED: sticky("'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""),
    word: sticky(W + "[\\p{L}\\p{N}_./@:+-]*"),
  };
  const VALUES = ["now", "truth", "date", "duration", "number", "QUOTED", "word"];
  const BLANK = sticky(filter.SPACE + "*");

  /* How an error names what it would have understood, in this order. */
  const WORDS = {
    KEY: "a key such as metrics.auc", COMPARE: "an operator such as = or >",
    WORD_COMPARE: "like, contains or matches", IN: "in", BETWEEN: "between", IS: "is", NULL: "null", NAN: "nan",
    NEGATION: "not", QUOTED: "a value such as 0.9, 'text' or now-7d", LPAR: "(", RPAR: ")", COMMA: "a comma",
    AND: "and", OR: "or", END: "the end",
  };

  /** Reads tokens; which ones can come is said each time, as words mean different things. */
  class Reader {
    constructor(source) {
      this.source = source;
      this.at = 0;
      this.skip();
    }

    skip() {
      BLANK.lastIndex = this.at;
      this.at += BLANK.exec(this.source)[0].length;
    }

    /** The next token, which must be of one of these types. */
    next(...types) {
      for (const type of types) {
        if (type === "END") {
          if (this.at >= this.source.length) return { type, text: "", at: this.at };
          continue;
        }
        const token = TOKENS[type];
        token.lastIndex = this.at;
        const found = token.exec(this.source);
        if (!found) continue;
        const read = { type, text: found[0], at: this.at };
        this.at += read.text.length;
        this.skip();
        return read;
      }
      throw this.unexpected(types);
    }

    unexpected(types) {
      const next = this.source[this.at];
      if (next && "'\"`".includes(next)) return new Fault(this.at, "this quote is not closed", "close it with " + next);
      const words = Object.keys(WORDS).filter((type) => types.includes(type)).map((type) => WORDS[type]);
      const why = next === undefined ? "the filter ends too early" : "the filter cannot be understood here";
      return new Fault(this.at, why, "expected " + words.join(", "));
    }

    value(...others) {
      const token = this.next(...VALUES, ...others);
      return VALUES.includes(token.type) ? literal(token) : token;
    }
  }

  function literal({ type, text, at }) {
    const value = { kind: "text", text, number: null, at };
    if (type === "QUOTED") value.text = text.slice(1, -1).replaceAll(text[0] + text[0], text[0]);
    else if (type === "number") value.number = text.endsWith("inf") ? (text[0] === "-" ? -Infinity : Infinity) : Number(text);
    else if (type === "truth") value.number = Number(text.toLowerCase() === "true");
    else if (type === "duration") value.number = filter.seconds(text);
    else if (type === "now") value.number = filter.fromNow(text);
    const real = type === "date" ? filter.covered(text) !== null : !["QUOTED", "word"].includes(type);
    return real ? { ...value, kind: type } : value;
  }

  const SAME = { "==": "=", "!=": "=", "<>": "=", "~": "matches", "!~": "matches", rlike: "matches" };

  function test(reader, keyToken) {
    const key = filter.readKey(keyToken.text, keyToken.at);
    let token = reader.next("COMPARE", "WORD_COMPARE", "IN", "BETWEEN", "IS", "NEGATION");
    const made = (operator, values, negated, at) => ({ test: true, key, operator, values, negated, at });
    if (token.type === "COMPARE") {
      const negated = ["!=", "<>", "!~"].includes(token.text);
      return made(SAME[token.text] || token.text, [reader.value()], negated, token.at);
    }
    if (token.type === "IS") {
      let state = reader.next("NULL", "NAN", "NEGATION");
      const negated = state.type === "NEGATION";
      if (negated) state = reader.next("NULL", "NAN");
      return made(state.text.toLowerCase(), [], negated, token.at);
    }
    const negated = token.type === "NEGATION";
    if (negated) token = reader.next("WORD_COMPARE", "IN", "BETWEEN");
    const word = token.text.toLowerCase();
    if (token.type === "WORD_COMPARE") return made(SAME[word] || word, [reader.value()], negated, token.at);
    if (token.type === "IN") return made("in", list(reader), negated, token.at);
    const low = reader.value();
    reader.next("AND");
    return made("between", [low, reader.value()], negated, token.at);
  }

  function list(reader) {
    reader.next("LPAR");
    const values = [reader.value()];
    while (reader.next("COMMA", "RPAR").type === "COMMA") {
      const value = reader.value("RPAR");
      if (value.type === "RPAR") break;
      values.push(value);
    }
    return values;
  }

  /* Brackets that are open, the innermost last; no recursion, so that none is too many. */
  const opened = () => ({ either: [], both: [], nots: 0 });
  const joined = (parts, all) => (parts.length === 1 ? parts[0] : { all, parts });

  function read(source) {
    const reader = new Reader(source);
    const open = [opened()];
    for (;;) {
      const token = reader.next("NOT", "KEY", "LPAR");
      let here = open.at(-1);
      if (token.type === "NOT") {
        here.nots += 1;
        continue;
      }
      if (token.type === "LPAR") {
        open.push(opened());
        continue;
      }
      let node = test(reader, token);
      for (;;) {
        for (; here.nots; here.nots--) node = { not: node };
        here.both.push(node);
        const after = reader.next("AND", "OR", open.length > 1 ? "RPAR" : "END");
        if (after.type === "AND") break;
        here.either.push(joined(here.both, true));
        here.both = [];
        if (after.type === "OR") break;
        node = joined(here.either, false);
        if (after.type === "END") return node;
        open.pop();
        here = open.at(-1);
      }
    }
  }

  function deeper(root, levels) {
    const waiting = [[root, 0]];
    while (waiting.length) {
      const [node, depth] = waiting.pop();
      if (depth > levels) return true;
      for (const part of node.not ? [node.not] : node.parts || []) waiting.push([part, depth + 1]);
    }
    return false;
  }

  /** What a filter means; null for one that is empty. Throws a Fault. */
  filter.read = function (text) {
    const source = text || "";
    if (typeof source !== "string") throw new Fault(0, "a filter is text, not " + typeof source);
    if (!source.replace(new RegExp(filter.SPACE, "gu"), "")) return null;
    const length = [...source].length;
    if (length > MAX_LENGTH) throw new Fault(0, "a filter of " + length.toLocaleString("en") + " characters is too long");
    const root = read(source);
    if (deeper(root, MAX_DEPTH)) throw new Fault(0, "a filter with more than " + MAX_DEPTH + " levels of brackets is too deep");
    return root;
  };
})();
