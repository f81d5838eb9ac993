/* What differs between two runs, ranked by what it could explain of the difference. */
(function () {
  "use strict";
  const { h } = gitrack;

  /* Libraries that fit, score or split: another version may give another result. */
  const LEARNING = new Set(["numpy", "scipy", "pandas", "polars", "scikit-learn", "xgboost", "lightgbm", "catboost", "torch", "torchvision", "tensorflow", "keras", "jax", "jaxlib", "flax", "transformers", "datasets", "tokenizers", "sentence-transformers", "optuna", "statsmodels", "imbalanced-learn", "onnx", "onnxruntime", "prophet", "pyarrow"]);
  const SEED = /(?:^|[._/ -])(?:\w*hash)?(?:seeds?|random_?(?:state|seed)|rng)(?:[._-]?\d+)?$/i;
  /* Params that choose the kind of model, or what goes into it: others often follow from them. */
  const CHOICE = /(?:^|[._/-])(?:model|estimator|algorithm|architecture|arch|backbone|classifier|regressor|booster)(?:[._/-](?:name|type|kind))?$/i;
  const INPUTS = /(?:^|[._/-])(?:features?|feature_set|columns|inputs?|dataset|target|label\w*)$/i;
  /* Params that choose where and how a run works, not what it learns. */
  const BESIDE = /(?:^|[._/-])(?:path|dir|directory|folder|output|out|log|verbose|verbosity|device|workers|num_workers|n_jobs|nthread|threads)$/i;

  /** `[[weight, kind, what, from, to, why]]`, the likeliest first. Weights are of their order only. */
  async function causes(context) {
    const { base, other } = context;
    const found = [...outcome(base, other), ...data(base, other), ...params(context), ...seeds(base, other), ...machines(base, other)];
    found.push(...(await code(base, other)), ...(await packages(base, other)));
    return found.sort((a, b) => b.weight - a.weight || (a.what < b.what ? -1 : 1));
  }

  const cause = (weight, kind, what, from, to, why) => ({ weight, kind, what, from, to, why });

  function outcome(base, other) {
    return [base, other].filter((run) => run.status !== "finished").map((run) =>
      cause(100, "Run", run.name, "finished", run.status, "it did not end as it should: its last values may be of an unfinished model"));
  }

  function data(base, other) {
    const names = [...new Set([...base.data, ...other.data].map(([name]) => name))];
    return names.flatMap((name) => {
      const [one, two] = [base, other].map((run) => gitrack.compare.fieldsOf(run, name));
      const word = gitrack.compare.compared(one, two);
      if (word === "same" || word === "unknown") return [];
      const judged = /\((?:test|holdout|val|valid|validation|eval|evaluation)\)$|(?:^|[_-])test$/i.test(name);
      const rows = (set) => (set ? (set.has("rows") ? set.get("rows").toLocaleString("en") + " rows" : set.get("version") || "other contents") : "not used");
      const [from, to] = [rows(one), rows(two)];
      return [cause(judged ? 98 : 88, "Data", name, from, from === to ? "other contents" : to,
        judged ? "the runs were judged on different data: their metrics cannot be held against each other" : "the model saw other data")];
    });
  }

  /** What params explain of the metric; few runs, or params that all explain little, are no ground to rank by. */
  function telling(context) {
    const matters = gitrack.compare.importance(context);
    return matters && matters.runs >= 12 && matters.rows[0].share >= 0.3 ? matters : null;
  }

  /** Settings; where enough runs are compared, the runs themselves tell which ones matter. */
  function params(context) {
    const { base, other } = context;
    const [one, two] = [base, other].map((run) => new Map(run.params));
    const names = [...new Set([...one.keys(), ...two.keys()])].filter((name) => String(one.get(name)) !== String(two.get(name)));
    const matters = telling(context);
    const told = new Map(matters ? matters.rows.map((row) => [row.name, row]) : []);
    return names.map((name) => {
      const [from, to] = [one.get(name), two.get(name)];
      const shown = [from, to].map((value) => (value === undefined ? "not set" : gitrack.setting(value)));
      if (SEED.test(name)) return cause(30, "Seed", name, ...shown, "chance alone moves a result by some; runs with several seeds say by how much");
      if (BESIDE.test(name)) return cause(6, "Param", name, ...shown, "by its name it does not change what is learned");
      const row = told.get(name);
      if (row) return cause(55 + 40 * row.share, "Param", name, ...shown, `among the ${matters.runs} runs here it explains ${Math.round(row.share * 100)} % of the ranks of ${matters.metric} by itself`);
      if (CHOICE.test(name)) return cause(84, "Param", name, ...shown, "another kind of model: other settings may differ because of it");
      if (INPUTS.test(name)) return cause(82, "Param", name, ...shown, "other inputs");
      if (from === undefined || to === undefined) return cause(56, "Param", name, ...shown, "only one of the two has this setting");
      const numbers = [from, to].map(Number);
      const times = numbers.every((value) => Number.isFinite(value) && value > 0) ? Math.max(...numbers) / Math.min(...numbers) : null;
      const weight = times === null ? 72 : Math.min(78, 60 + 6 * Math.log2(times));
      return cause(weight, "Param", name, ...shown, times !== null && times >= 1.05 ? `${gitrack.number(Number(times.toPrecision(3)))} times as ${numbers[1] > numbers[0] ? "large" : "small"}` : "a setting of the run");
    });
  }

  function seeds(base, other) {
    const [one, two] = [base, other].map((run) => new Map(run.seeds));
    const names = [...new Set([...one.keys(), ...two.keys()])].filter((name) => String(one.get(name)) !== String(two.get(name)));
    if (!names.length) return [];
    const of = (map) => names.map((name) => (map.has(name) ? String(map.get(name)) : "none")).join(", ");
    return [cause(32, "Seed", names.join(", "), of(one), of(two), "chance alone moves a result by some; runs with several seeds say by how much")];
  }

  async function code(base, other) {
    const [one, two] = [base, other].map((run) => new Map(run.code));
    const found = [];
    const [from, to] = [one.get("commit"), two.get("commit")];
    if (from && to && from !== to) {
      const files = gitrack.code ? await gitrack.code.files(from, to).catch(() => null) : null;
      if (!files) found.push(cause(70, "Code", "commit", from.slice(0, 10), to.slice(0, 10), "another commit; what it changed is not on this site"));
      else if (!files.length) found.push(cause(4, "Code", "commit", from.slice(0, 10), to.slice(0, 10), "another commit with the same files"));
      else {
        const source = files.filter(([path]) => !/\.(?:md|rst|txt|lock)$|^(?:docs?|\.github)\//i.test(path));
        found.push(cause(source.length ? 74 : 12, "Code", source.length === 1 ? source[0][0] : `${files.length} files`, from.slice(0, 10), to.slice(0, 10), source.length ? "code that differs between the two commits" : "only text and lists beside the code differ"));
      }
    }
    const dirty = [one, two].map((map) => (map.get("dirty") ? "uncommitted changes" : "clean"));
    if (dirty[0] !== dirty[1] || (one.get("dirty") && (!base.changes || base.changes !== other.changes))) {
      found.push(cause(76, "Code", "uncommitted changes", ...dirty, "changes beside the commit went into one of the runs"));
    }
    return found;
  }

  const parts = (version) => String(version).split(".");

  async function packages(base, other) {
    const [one, two] = await gitrack.compare.packagesOf([base, other]);
    if (!one || !two) return [];
    const names = [...new Set([...one.keys(), ...two.keys()])].filter((name) => one.get(name) !== two.get(name));
    const known = names.filter((name) => LEARNING.has(name.toLowerCase().replace(/_/g, "-")));
    const rest = names.length - known.length;
    const found = known.map((name) => {
      const [from, to] = [one.get(name) || "not installed", two.get(name) || "not installed"];
      const step = parts(from)[0] !== parts(to)[0] ? 46 : parts(from)[1] !== parts(to)[1] ? 38 : 20;
      return cause(step, "Package", name, from, to, "a library that learns, scores or splits");
    });
    if (rest) found.push(cause(8, "Package", rest === 1 ? names.find((name) => !known.includes(name)) : `${rest} other packages`, "", "", "seldom changes a result"));
    return found;
  }

  const PLACES = [["gpu", 26, "arithmetic differs between devices"], ["image", 30, "another image of the machine"], ["python", 22, "another Python"], ["cpu", 10, "arithmetic may differ in the last digits"], ["os", 8, "seldom changes a result"], ["cores", 6, "sums in another order may differ in the last digits"]];

  function machines(base, other) {
    const [one, two] = [base, other].map((run) => new Map(run.environment));
    return PLACES.flatMap(([name, weight, why]) => {
      const [from, to] = [one.get(name), two.get(name)].map((value) => (value === undefined ? "none" : String(value)));
      return from === to ? [] : [cause(weight, "Environment", name, from, to, why)];
    });
  }

  /** More are in the table of differences alone: a list of thousands ranks nothing. */
  const MOST = 200;

  /** The list itself: few at first, the others on demand. */
  function list(found) {
    if (!found.length) return h("p", { class: "note" }, "Nothing that is recorded differs: what is left is chance, or what was not recorded.");
    const row = (one, place) => h("li", { class: one.weight >= 95 ? "grave" : "" }, h("span", { class: "rank", "aria-hidden": "true" }, String(place + 1)),
      h("div", {}, h("div", {}, h("span", { class: "word" }, one.kind), " ", h("strong", {}, gitrack.name(one.what)), one.from === "" && one.to === "" ? "" : h("span", { class: "step" }, h("bdi", {}, one.from), h("span", { class: "unseen" }, " became "), h("span", { "aria-hidden": "true" }, " → "), h("bdi", {}, one.to))), h("p", {}, one.why)));
    const rest = found.slice(6);
    const last = rest.length > MOST ? h("p", { class: "note" }, `${(rest.length - MOST).toLocaleString("en")} others, which explain the least, are among the differences below.`) : "";
    return h("div", {}, h("ol", { class: "causes" }, found.slice(0, 6).map(row)),
      rest.length ? h("details", { class: "fold" }, h("summary", {}, rest.length === 1 ? "1 more" : `${rest.length} more`), h("ol", { class: "causes" }, rest.slice(0, MOST).map((one, at) => row(one, at + 6))), last) : "");
  }

  Object.assign(gitrack.compare, { telling, causes, causeList: list, isSeed: (name) => SEED.test(name) });
})();
