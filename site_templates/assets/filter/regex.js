/* The filter language: regular expressions whose time grows with the text alone, as RE2 reads
   them. The browser's own need minutes for some short patterns on some short texts, and neither
   the texts on a branch nor a pattern in a link are to be trusted. */
(function () {
  "use strict";
  const filter = gitrack.filter;
  const MOST_REPEATS = 1000;
  const MOST_STEPS = 20000;
  const MOST_DEEP = 900;

  /** What is wrong with a pattern. */
  class BadRegex extends Error {}
  const bad = (why, where) => new BadRegex(where === undefined ? why : why + ": " + where);

  const between = (from, to) => (c) => c >= from && c <= to;
  const either = (...tests) => (c) => tests.some((test) => test(c));
  const not = (test) => (c) => !test(c);
  const code = (c) => c.codePointAt(0);
  const range = (from, to) => between(code(from), code(to));
  const DIGIT = range("0", "9");
  const WORD = either(range("a", "z"), range("A", "Z"), DIGIT, range("_", "_"));
  const SPACE = (c) => c === 32 || c === 9 || c === 10 || c === 12 || c === 13;
  const PERL = { d: DIGIT, w: WORD, s: SPACE };
  const POSIX = {
    alnum: either(range("a", "z"), range("A", "Z"), DIGIT), alpha: either(range("a", "z"), range("A", "Z")), ascii: between(0, 127),
    blank: (c) => c === 32 || c === 9, cntrl: either(between(0, 31), between(127, 127)), digit: DIGIT, graph: range("!", "~"),
    lower: range("a", "z"), print: range(" ", "~"), punct: either(range("!", "/"), range(":", "@"), range("[", "`"), range("{", "~")),
    space: (c) => SPACE(c) || c === 11, upper: range("A", "Z"), word: WORD, xdigit: either(DIGIT, range("a", "f"), range("A", "F")),
  };
  const ESCAPED = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

  /** The same test for every way in which a character may be written. */
  function folded(test) {
    return (c) => {
      const own = String.fromCodePoint(c);
      const [lower, upper] = [own.toLowerCase(), own.toUpperCase()];
      return test(c) || ([...lower].length === 1 && test(code(lower))) || ([...upper].length === 1 && test(code(upper)));
    };
  }

  /* ---- reading: pattern to tree ---- */

  class Reader {
    constructor(pattern) {
      this.pattern = pattern;
      this.left = [...pattern];
      this.at = 0;
      this.flags = { i: false, m: false, s: false };
    }

    peek(ahead = 0) {
      return this.left[this.at + ahead];
    }

    looks(text) {
      return [...text].every((c, ahead) => this.peek(ahead) === c);
    }

    since(from) {
      return this.left.slice(from, this.at).join("");
    }

    test(judge) {
      return { test: this.flags.i ? folded(judge) : judge };
    }

    /** Groups that are open wait in a list: none is too deep. */
    read() {
      const open = [{ either: [], row: [], flags: this.flags }];
      let repeated = null;
      while (this.at < this.left.length) {
        const here = open.at(-1);
        const from = this.at;
        const c = this.left[this.at++];
        let last = null;
        if (c === "(") {
          const flags = this.group();
          if (open.length > MOST_DEEP) throw bad("expression nests too deeply", MOST_DEEP + " brackets");
          if (flags.opens) open.push({ either: [], row: [], flags: this.flags });
          this.flags = flags.flags;
        } else if (c === ")") {
          if (open.length === 1) throw bad("unexpected )", this.pattern);
          this.flags = here.flags;
          open.pop();
          open.at(-1).row.push(closed(here));
        } else if (c === "|") {
          here.either.push(here.row);
          here.row = [];
        } else if ("*+?".includes(c) || (c === "{" && this.counts())) {
          last = this.repeat(here, c, from, repeated);
        } else {
          here.row.push(...this.single(c, from));
        }
        repeated = last;
      }
      if (open.length > 1) throw bad("missing )", this.pattern);
      return closed(open[0]);
    }

    /** After `(`: which flags hold from here on, and whether something has opened. */
    group() {
      if (this.peek() !== "?") return { opens: true, flags: this.flags };
      const from = this.at - 1;
      const rest = this.left.slice(this.at, this.at + 200).join("");
      const named = /^\?P?<[\p{L}\p{N}_]+>/u.exec(rest);
      if (named) {
        this.at += [...named[0]].length;
        return { opens: true, flags: this.flags };
      }
      const written = /^\?([imsU]*)(-[imsU]+)?([:)])/u.exec(rest);
      if (!written) {
        const wrong = /^\?(?:P(?=[=>])|<[=!]|[imsU-]*[^imsU:)-]?)/u.exec(rest);
        throw bad("invalid perl operator", "(" + (wrong ? wrong[0] : this.left.slice(from + 1, from + 3).join("")));
      }
      this.at += written[0].length;
      const flags = { ...this.flags };
      for (const flag of written[1]) flags[flag] = true;
      for (const flag of (written[2] || "").slice(1)) flags[flag] = false;
      return { opens: written[3] === ":", flags };
    }

    counts() {
      return /^[0-9]{1,9}(?:,[0-9]{0,9})?\}/.test(this.left.slice(this.at, this.at + 24).join(""));
    }

    repeat(here, c, from, before) {
      let [low, high] = { "*": [0, Infinity], "+": [1, Infinity], "?": [0, 1] }[c] || [];
      if (c === "{") {
        const [whole, first, comma, second] = /^([0-9]+)(,?)([0-9]*)\}/.exec(this.left.slice(this.at, this.at + 24).join(""));
        this.at += whole.length;
        low = Number(first);
        high = !comma ? low : second ? Number(second) : Infinity;
      }
      const size = this.since(from);
      if (this.peek() === "?") this.at += 1; // the shortest: to find whether, it is all the same
      if (before !== null) throw bad("bad repetition operator", this.since(before));
      const inner = here.row.pop();
      if (!inner) throw bad("no argument for repetition operator", c);
      const most = Number.isFinite(high) ? high : low;
      const times = Math.max(1, c === "{" ? most : 1) * (inner.times || 1);
      if (low > MOST_REPEATS || most > MOST_REPEATS || high < low || times > MOST_REPEATS) throw bad("invalid repetition size", size);
      here.row.push({ inner, low, high, times });
      return from;
    }

    single(c, from) {
      const { m, s } = this.flags;
      if (c === ".") return [{ test: s ? () => true : (one) => one !== 10 }];
      if (c === "^") return [{ edge: m ? "line start" : "start" }];
      if (c === "$") return [{ edge: m ? "line end" : "end" }];
      if (c === "[") return [this.test(this.set(from))];
      if (c !== "\\") return [this.literal(code(c))];
      if (this.at >= this.left.length) throw bad("trailing \\");
      const next = this.peek();
      const edge = { A: "start", z: "end", b: "edge", B: "no edge" }[next];
      if (edge) {
        this.at += 1;
        return [{ edge }];
      }
      if (next === "C") {
        this.at += 1;
        return [{ test: () => true }];
      }
      if (next === "Q") return this.quoted();
      const known = this.known();
      return [known ? this.test(known) : this.literal(this.escaped(from))];
    }

    literal(wanted) {
      return this.test((c) => c === wanted);
    }

    quoted() {
      this.at += 1;
      const parts = [];
      while (this.at < this.left.length && !this.looks("\\E")) parts.push(this.literal(code(this.left[this.at++])));
      this.at += 2;
      return parts;
    }

    /** After a backslash: `d`, `W`, `pL`, `p{Greek}`; null for what is one character. */
    known() {
      const c = this.peek();
      const perl = PERL[c.toLowerCase()];
      if (perl) {
        this.at += 1;
        return c === c.toLowerCase() ? perl : not(perl);
      }
      if (c !== "p" && c !== "P") return null;
      const [whole, , hat, name, one] = /^[pP](\{(\^?)([^}]*)\}|(.))?/u.exec(this.left.slice(this.at, this.at + 60).join(""));
      this.at += [...whole].length;
      const test = unicode(name === undefined ? one : name);
      if (!test) throw bad("invalid character class range", "\\" + whole);
      return (c === "P") !== Boolean(hat) ? not(test) : test;
    }

    /** After a backslash: the code of one character. */
    escaped(from) {
      const c = this.left[this.at++];
      if (c in ESCAPED) return ESCAPED[c];
      const rest = this.left.slice(this.at, this.at + 12).join("");
      const octal = /^[0-7]{0,2}/.exec(rest)[0];
      if (c === "0" || (/[1-7]/.test(c) && octal)) {
        this.at += octal.length;
        return parseInt(c + octal, 8);
      }
      const hex = c === "x" ? /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(rest) : null;
      if (hex && parseInt(hex[1] || hex[2], 16) <= 0x10ffff) {
        this.at += hex[0].length;
        return parseInt(hex[1] || hex[2], 16);
      }
      if (c === undefined) throw bad("trailing \\");
      if (code(c) < 128 && !/[a-zA-Z0-9]/.test(c)) return code(c);
      if (c === "x" && rest) this.at += 1;
      throw bad("invalid escape sequence", this.since(from));
    }

    /** After `[`: what a character must be. */
    set(from) {
      const negated = this.peek() === "^";
      if (negated) this.at += 1;
      const tests = [];
      for (let first = true; first || this.peek() !== "]"; first = false) {
        if (this.at >= this.left.length) throw bad("missing ]", this.left.slice(from).join(""));
        tests.push(this.member(from));
      }
      this.at += 1;
      return negated ? not(either(...tests)) : either(...tests);
    }

    member(opened) {
      const from = this.at;
      const named = /^\[:(\^?)([^\]]*?):\]/u.exec(this.left.slice(from, from + 40).join(""));
      if (named) {
        if (!Object.hasOwn(POSIX, named[2])) throw bad("invalid character class range", named[0]);
        this.at += [...named[0]].length;
        return named[1] ? not(POSIX[named[2]]) : POSIX[named[2]];
      }
      if (this.peek() === "\\" && this.at + 1 < this.left.length) {
        this.at += 1;
        const known = this.known();
        if (known) return known;
        this.at -= 1;
      }
      const low = this.character(opened);
      if (this.peek() !== "-" || this.peek(1) === "]" || this.peek(1) === undefined) return between(low, low);
      this.at += 1;
      const high = this.character(opened);
      if (high < low) throw bad("invalid character class range", this.since(from));
      return between(low, high);
    }

    character(opened) {
      const from = this.at;
      if (from >= this.left.length) throw bad("missing ]", this.left.slice(opened).join(""));
      const c = this.left[this.at++];
      if (c !== "\\") return code(c);
      if (this.at >= this.left.length) throw bad("trailing \\");
      return this.escaped(from);
    }
  }

  function unicode(name) {
    if (name === "Any") return () => true;
    if (!name || !/^[A-Za-z_]+$/.test(name)) return null;
    for (const property of ["General_Category=" + name, "Script=" + name]) {
      try {
        const known = new RegExp("\\p{" + property + "}", "u");
        return (c) => known.test(String.fromCodePoint(c));
      } catch (unknown) {
        /* The next one. */
      }
    }
    return null;
  }

  function closed({ either: rows, row }) {
    const all = [...rows, row];
    const times = Math.max(1, ...all.flat().map((part) => part.times || 1));
    return { rows: all, times };
  }

  /* ---- running: a tree becomes steps, of which many are taken at once ---- */

  function compiled(root) {
    const steps = [];
    const add = (step) => {
      if (steps.length >= MOST_STEPS) throw bad("pattern too large - compile failed");
      return steps.push(step) - 1;
    };
    const build = (node, next) => {
      if (node.test) return add({ test: node.test, next });
      if (node.edge) return add({ edge: node.edge, next });
      if (node.rows) {
        const starts = node.rows.map((row) => row.reduceRight((after, part) => build(part, after), next));
        return starts.length === 1 ? starts[0] : add({ ways: starts });
      }
      let start = next;
      if (node.high === Infinity) {
        start = add({ ways: [next] });
        steps[start].ways.unshift(build(node.inner, start));
      } else {
        for (let extra = node.high - node.low; extra > 0; extra--) start = add({ ways: [build(node.inner, start), next] });
      }
      for (let times = node.low; times > 0; times--) start = build(node.inner, start);
      return start;
    };
    const start = build(root, add({ found: true }));
    return { steps, start };
  }

  const isWord = (c) => c !== undefined && WORD(c);
  const EDGES = {
    start: (before) => before === undefined,
    end: (before, after) => after === undefined,
    "line start": (before) => before === undefined || before === 10,
    "line end": (before, after) => after === undefined || after === 10,
    edge: (before, after) => isWord(before) !== isWord(after),
    "no edge": (before, after) => isWord(before) === isWord(after),
  };

  function search({ steps, start }, text) {
    const codes = Array.from(text, code);
    const seen = new Int32Array(steps.length).fill(-1);
    let now = [];
    for (let at = 0; at <= codes.length; at++) {
      const [before, after] = [codes[at - 1], codes[at]];
      const following = [];
      const waiting = [start, ...now.reverse()];
      while (waiting.length) {
        const place = waiting.pop();
        if (seen[place] === at) continue;
        seen[place] = at;
        const step = steps[place];
        if (step.found) return true;
        if (step.ways) waiting.push(...step.ways);
        else if (step.edge) {
          if (EDGES[step.edge](before, after)) waiting.push(step.next);
        } else if (after !== undefined && step.test(after)) following.push(step.next);
      }
      now = following;
    }
    return false;
  }

  /** Does the pattern match somewhere in a text? Throws BadRegex. */
  filter.regex = function (pattern) {
    const program = compiled(new Reader(pattern).read());
    return (text) => search(program, text);
  };
  filter.BadRegex = BadRegex;
})();
