/* Search: everything on the site that has a name, a tag or a note. The words stand in the address. */
(function () {
  "use strict";
  const { h, names } = gitrack;
  const place = document.getElementById("search-box");
  const found = document.getElementById("found");
  const listed = document.getElementById("listed");
  if (!place) return;

  const FEW = 8;
  const MORE = 100;
  const HEADINGS = { page: "Pages", model: "Models", version: "Versions", promotion: "Promotions", evidence: "Evidence", experiment: "Experiments", report: "Reports", chart: "Charts", sweep: "Sweeps", data: "Data", field: "Params and metrics", tag: "Tags, settings and people", run: "Runs" };
  const LANGUAGE = /[<>=~]|\b(?:like|contains|matches|between|is null|is not null)\b/i;
  const count = (number, word) => number.toLocaleString("en") + " " + word + (number === 1 ? "" : "s");
  let others = [];
  let runs = [];
  let loading = true;
  let trouble = null;
  const open = new Set();

  const [input, said] = place.children;

  /* ---- params and metrics by their names, which the header of the table of all runs knows ---- */

  let columns = [];
  gitrack.tables = {
    head: ({ rows, columns: all }) => {
      columns = all.filter(({ group }) => group === "params" || group === "metrics").map((column) => {
        const own = column.name.slice(column.group.length + 1);
        const order = column.goal === "minimize" ? ":asc" : ":desc";
        const at = encodeURIComponent(column.name);
        return { kind: "field", name: own, low: own.toLowerCase(), also: "", words: "", about: column.group.slice(0, -1) + " of " + count(column.count || rows, "run"), page: "runs.html#order=" + at + order + "&pinned=" + at };
      });
    },
  };

  /* ---- what was said beside names: tags, people, commits, data; each with the runs that have it ---- */

  let counted = { of: -1, texts: [] };

  function everyText() {
    if (counted.of === runs.length) return counted.texts;
    const known = new Map();
    for (const run of runs) {
      for (const text of run.about) {
        if (text.kind === "data") continue;
        const key = text.kind + "\n" + text.name + "\n" + text.value;
        const one = known.get(key);
        if (one) one.runs += 1;
        else known.set(key, { text, low: text.words.toLowerCase(), runs: 1 });
      }
    }
    counted = { of: runs.length, texts: [...known.values()].sort((a, b) => b.runs - a.runs) };
    return counted.texts;
  }

  function shared(words) {
    const fitting = everyText().filter(({ low }) => words.every((word) => low.includes(word)));
    return fitting.map(({ text, runs: many }) => ({
      score: 1,
      thing: {
        kind: "tag", name: text.kind === "tag" || text.kind === "param" ? text.name + ": " + text.value : text.value,
        about: { tag: "tag", param: "param", author: "author", commit: "code" }[text.kind] + " of " + count(many, "run"), words: "",
        page: filtered(condition(text)),
      },
    }));
  }

  /** The filter that finds the runs which have a tag. */
  function condition({ kind, name, value }) {
    const quote = (text) => "'" + text.replaceAll("'", "''") + "'";
    if (kind !== "tag" && kind !== "param") return name + " = " + quote(value);
    if (name.includes("`") && name.includes('"')) return null;
    const own = name.includes("`") ? '"' + name + '"' : /^[\p{L}\p{N}_/@:%-]+$/u.test(name) ? name : "`" + name + "`";
    return kind + "s." + own + " = " + quote(value);
  }

  const filtered = (text) => (text === null ? "runs.html" : "runs.html#filter=" + encodeURIComponent(text));

  /* ---- drawing ---- */

  /** A text with the words marked that were looked for. */
  function marked(text, words) {
    const low = text.toLowerCase();
    if (low.length !== text.length) return h("bdi", {}, text);
    const spots = [];
    for (const word of words) {
      for (let at = low.indexOf(word); at >= 0 && spots.length < 200; at = low.indexOf(word, at + word.length)) spots.push([at, at + word.length]);
    }
    spots.sort((a, b) => a[0] - b[0]);
    const pieces = [];
    let end = 0;
    for (const [from, to] of spots) {
      if (to <= end) continue;
      const begin = Math.max(from, end);
      pieces.push(text.slice(end, begin), h("mark", {}, text.slice(begin, to)));
      end = to;
    }
    return h("bdi", {}, pieces.filter((piece) => piece !== ""), text.slice(end));
  }

  /** Where in what is said of a thing the words stand, if not in its name. */
  function snippet(thing, words) {
    const texts = thing.kind === "run" ? [...thing.about.map((text) => text.words), thing.notes] : [thing.words];
    const inside = words.filter((word) => !thing.low || !thing.low.includes(word));
    const text = inside.length ? texts.find((one) => inside.some((word) => one.toLowerCase().includes(word))) : null;
    if (!text) return null;
    const first = Math.min(...inside.map((word) => text.toLowerCase().indexOf(word)).filter((one) => one >= 0));
    const at = first < 60 ? 0 : beginning(text, first);
    const cut = text.slice(at, at + 160).replace(/\s+/g, " ");
    return h("span", { class: "snippet" }, at ? "… " : null, marked(cut, words), at + 160 < text.length ? " …" : null);
  }

  /** A word's beginning shortly before a place. */
  function beginning(text, place) {
    const blank = text.indexOf(" ", place - 40);
    return blank >= 0 && blank < place ? blank + 1 : place;
  }

  function line({ thing }, words) {
    const link = thing.kind === "run"
      ? h("a", { class: "run-link", href: gitrack.root + thing.page }, h("span", { class: "dot " + thing.status, title: thing.status }), marked(thing.name, words))
      : h("a", { href: gitrack.root + thing.page }, marked(thing.name, words));
    const aside = thing.kind === "run" ? [marked(thing.experiment, words), gitrack.time(thing.started)] : thing.about ? [marked(thing.about, words)] : [];
    return h("li", {}, h("span", { class: "what" }, link, aside.map((part) => h("span", { class: "aside" }, part))), snippet(thing, words));
  }

  function section(kind, things, words) {
    const shown = open.has(kind) ? MORE : FEW;
    const title = "found-" + kind;
    const rest = things.length - shown;
    const more = rest > 0 && shown === FEW ? h("button", { type: "button", class: "button", onclick: () => { open.add(kind); draw(); focusAt(kind, FEW); } }, "Show " + (things.length > MORE ? "the first " + MORE : "all " + things.length)) : null;
    const left = rest > 0 && shown === MORE ? h("p", { class: "note" }, count(rest, "more") .replace(/s$/, "") + ": another word finds fewer") : null;
    return h("section", { "aria-labelledby": title, "data-kind": kind },
      h("h2", { id: title }, HEADINGS[kind] || kind, h("span", { class: "aside" }, things.length.toLocaleString("en"))),
      h("ul", { class: "results" }, things.slice(0, shown).map((one) => line(one, words))), more, left);
  }

  function focusAt(kind, place) {
    const link = found.querySelectorAll(`section[data-kind="${kind}"] li a`)[place];
    if (link) link.focus();
  }

  /** What is written in the language of filters is one for the table of runs. */
  function asFilter(text) {
    if (!LANGUAGE.test(text)) return null;
    return h("p", { class: "as-filter" }, h("a", { href: gitrack.root + filtered(text) }, "Runs where ", h("code", {}, h("bdi", {}, text))));
  }

  function draw() {
    const text = input.value.trim();
    const words = names.wordsOf(text);
    listed.hidden = words.length > 0;
    if (!words.length) {
      found.replaceChildren();
      said.textContent = trouble || "";
      return;
    }
    const byKind = new Map();
    const add = (one) => byKind.set(one.thing.kind, [...(byKind.get(one.thing.kind) || []), one]);
    names.find(words, others.concat(columns)).forEach(add);
    const ofRuns = names.find(words, runs);
    if (ofRuns.length) byKind.set("run", ofRuns);
    const ofTags = shared(words);
    if (ofTags.length) byKind.set("tag", ofTags);
    /* Kinds by their best find; where these are alike, in the order of HEADINGS. */
    const order = Object.keys(HEADINGS);
    const kinds = [...byKind.keys()].sort((a, b) => byKind.get(b)[0].score - byKind.get(a)[0].score || order.indexOf(a) - order.indexOf(b));
    found.replaceChildren(...[asFilter(text), ...kinds.map((kind) => section(kind, byKind.get(kind), words))].filter(Boolean));
    const total = [...byKind.values()].reduce((sum, all) => sum + all.length, 0);
    said.textContent = trouble || (loading ? "Loading runs…" : total ? count(total, "result") : "Nothing has all of these words. A filter such as metrics.test_auc > 0.8 finds runs by what they measured.");
  }

  /* ---- the address: `?q=` as other sites link here, `#q=` from then on ---- */

  function read() {
    const part = (text) => new URLSearchParams(text).get("q");
    return part(window.location.hash.slice(1)) ?? part(window.location.search) ?? "";
  }

  input.value = read();
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      open.clear();
      window.history.replaceState(null, "", window.location.pathname + "#q=" + encodeURIComponent(input.value));
      draw();
    }, runs.length > 3000 ? 40 : 0);
  });
  window.addEventListener("hashchange", () => { input.value = read(); draw(); });
  input.addEventListener("keydown", (event) => {
    const first = found.querySelector("li a");
    if (event.key === "ArrowDown" && first) { event.preventDefault(); first.focus(); }
    if (event.key === "Enter" && first) window.location.href = first.href;
  });

  draw();
  input.focus();
  names.others()
    .then((all) => { others = all; draw(); return gitrack.load("data/tables/all/head.js"); })
    .then(() => names.runs((some) => { runs = some; draw(); }))
    .then((all) => { runs = all; loading = false; draw(); })
    .catch(() => { loading = false; trouble = "The names are not on this site."; draw(); });
})();
