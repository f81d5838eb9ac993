/* What is compared, and how it is shown: all of it stands in the address.
   compare.html#runs=<run>,@best:<experiment>,@production:<model>&base=<run>&all&… */
(function () {
  "use strict";
  const MOST = 300;
  const FLAGS = ["all", "log", "logx", "best", "code"];
  const TEXTS = ["base", "with", "metric", "set", "x", "smooth", "sx", "sy", "at"];
  const state = { runs: [] };

  const decode = (text) => {
    try { return decodeURIComponent(text.replace(/\+/g, " ")); } catch (broken) { return ""; }
  };
  /* Names stay readable in the address; what would end a part of it is written as %2C, %26… */
  const encode = (text) => encodeURIComponent(text).replace(/%40/g, "@").replace(/%3A/g, ":").replace(/%2F/g, "/");

  function read() {
    const parts = new Map(window.location.hash.slice(1).split("&").map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
    }));
    const wanted = (parts.get("runs") || "").split(/,|%2C/i).map((id) => decode(id).trim()).filter(Boolean);
    state.runs = [...new Set(wanted)];
    for (const flag of FLAGS) state[flag] = parts.has(flag);
    for (const name of TEXTS) state[name] = parts.has(name) ? decode(parts.get(name)) : null;
  }

  function address(more) {
    const all = { ...state, ...more };
    return "#" + [
      "runs=" + all.runs.map(encode).join(","),
      ...TEXTS.filter((name) => all[name]).map((name) => name + "=" + encode(all[name])),
      ...FLAGS.filter((flag) => all[flag]),
    ].join("&");
  }

  /** Change what is shown. A new choice of runs is a step that the browser's "back" undoes. */
  function change(fields) {
    const step = "runs" in fields || "base" in fields || "all" in fields;
    Object.assign(state, fields);
    window.history[step ? "pushState" : "replaceState"](null, "", address());
  }

  /** A link to just this, which says of which commit of the branch it speaks. */
  function permalink() {
    const built = gitrack.got("build");
    const here = window.location.href.split("#")[0];
    return here + address({ at: built && built.commit ? built.commit.slice(0, 12) : state.at });
  }

  /** What a reference of an address means: the ids of runs. Throws what to say to the reader. */
  async function resolve(reference, others) {
    if (!/@/.test(reference)) return [reference];
    const at = reference.indexOf("@");
    /* `churn@production`, as the command line has it, is `@production:churn` here. */
    const [word, name] = at > 0 ? [reference.slice(at + 1), reference.slice(0, at)] : split(reference.slice(1));
    const marks = await gitrack.fetchOnce("marks", "data/marks.js");
    if (word === "experiment") return ofExperiment(name);
    if (word === "best") return [best(marks, name || experimentOf(others, marks))];
    const there = marks.stages.filter(([model, stage]) => stage === word && (!name || model === name));
    const models = new Set(there.map(([model]) => model));
    if (models.size > 1) throw new Error(`several models have a version in ${word}: ${[...models].map((model) => `@${word}:${model}`).join(", ")}`);
    if (!there.length) throw new Error(name ? `no version of ${name} with a run on this site stands in ${word}` : `no version with a run on this site stands in ${word}`);
    return [there[0][3]];
  }

  const split = (text) => {
    const at = text.indexOf(":");
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  };

  function best(marks, experiment) {
    const mark = marks.best.find(([name]) => name === experiment) || (experiment ? null : marks.best.length === 1 && marks.best[0]);
    if (!mark) throw new Error(experiment ? `no run of ${experiment} stands out as its best` : "say of which experiment: @best:NAME");
    return mark[3];
  }

  /** The experiment of the runs beside `@best`, as far as marks tell. */
  function experimentOf(others, marks) {
    for (const id of others) {
      const mark = marks.stages.find(([, , , run]) => run === id) || null;
      if (mark) return mark[5];
      const known = marks.best.find(([, , , run]) => run === id);
      if (known) return known[0];
    }
    return others.experiment || "";
  }

  async function ofExperiment(name) {
    const ids = (await gitrack.names.runs()).filter((run) => run.experiment === name).map((run) => run.id);
    if (!ids.length) throw new Error(`there is no run of ${name} on this site`);
    return ids;
  }

  /** Every run of the choice, the baseline first: `{ids, told: [[reference, why]]}`. */
  async function resolveAll() {
    const ids = [];
    const told = [];
    const others = state.runs.filter((one) => !/@/.test(one));
    if (others.length && state.runs.includes("@best")) {
      const known = await gitrack.fetchRun(others[0]).catch(() => null);
      others.experiment = known ? known.experiment : "";
    }
    const wanted = state.base && !state.runs.includes(state.base) ? [state.base, ...state.runs] : state.runs;
    let base = null;
    for (const reference of wanted) {
      try {
        const found = await resolve(reference, others);
        ids.push(...found);
        if (reference === state.base) [base] = found;
      } catch (error) {
        told.push([reference, error.message]);
      }
    }
    const unique = [...new Set(base ? [base, ...ids] : ids)];
    return { ids: unique.slice(0, MOST), left: Math.max(0, unique.length - MOST), told };
  }

  gitrack.compare = { state, read, change, permalink, resolveAll, sections: [] };
})();
