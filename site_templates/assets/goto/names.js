/* The names of everything on the site, loaded when somebody looks for something: runs in pieces
   of a thousand, the newest first, and the rest at once. */
(function () {
  "use strict";
  let index = null;
  const pieces = new Map();
  let rest = null;
  let runs = null;

  const lower = (thing) => ({ ...thing, low: thing.name.toLowerCase(), also: thing.words.toLowerCase() });

  async function open() {
    if (!index) await gitrack.load("data/index.js");
    return index;
  }

  /** Everything but runs: `{kind, name, page, about, words}`. */
  async function others() {
    const { entries } = await open();
    if (!rest) rest = entries.map(([kind, name, page, about, words]) => lower({ kind, name, page, about, words }));
    return rest;
  }

  function unpacked({ experiments, texts, runs: rows }) {
    const known = texts.map(([kind, name, value]) => ({ kind, name, value, words: (kind === "tag" || kind === "param" ? name + ": " : "") + value }));
    return rows.map(([id, name, experiment, status, started, said, notes, page]) => {
      const about = said.map((at) => known[at]);
      const words = [id, experiments[experiment], status, ...about.map((text) => text.words), notes].join("\n");
      return lower({ kind: "run", id, name: name || id, experiment: experiments[experiment], status, started, about, notes, words, page: page || "runs/" + id + ".html" });
    }).reverse();
  }

  /** Every run, the newest first; `some` is called with those that have come, each time. */
  async function everyRun(some) {
    const { pieces: all } = await open();
    if (runs) return runs;
    const come = [];
    for (let number = all.length - 1; number >= 0; number--) {
      if (!pieces.has(number)) await gitrack.load("data/names/" + number + ".js?v=" + all[number][1]);
      come.push(...pieces.get(number));
      if (some) some(come);
    }
    runs = come;
    return runs;
  }

  const wordsOf = (text) => {
    const found = [];
    for (const [, phrase, word] of text.toLowerCase().matchAll(/"([^"]+)"?|([^\s"]+)/g)) found.push(phrase || word);
    return found;
  };

  /** How well something fits the words: 0 where one of them is nowhere in it. */
  function fit(words, { low, also }) {
    let score = 0;
    for (const word of words) {
      const at = low.indexOf(word);
      if (at === 0) score += low.length === word.length ? 9 : 5;
      else if (at > 0) score += /[\s_./@:-]/.test(low[at - 1]) ? 4 : 3;
      else if (also.includes(word)) score += 1;
      else return 0;
    }
    return score / words.length;
  }

  /** The things that fit, the best first; of equally good ones, those that came first. */
  function find(words, things) {
    const found = [];
    for (const thing of things) {
      const score = fit(words, thing);
      if (score > 0) found.push({ thing, score });
    }
    return found.sort((a, b) => b.score - a.score);
  }

  gitrack.names = {
    index: (data) => { index = data; },
    piece: (number, data) => pieces.set(number, unpacked(data)),
    others, runs: everyRun, wordsOf, find,
  };
})();
