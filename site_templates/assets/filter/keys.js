/* The filter language: keys as people write them, and the column of a table that each names. */
(function () {
  "use strict";
  const filter = gitrack.filter;
  const { Fault } = filter;

  const ENTITIES = new Map(Object.entries({
    metric: "metric metrics", param: "param params parameter parameters", tag: "tag tags",
    attribute: "attribute attributes attr run", dataset: "dataset datasets",
  }).flatMap(([entity, aliases]) => aliases.split(" ").map((alias) => [alias, entity])));

  /* Other names of a run's own fields; MLflow's among them. */
  const ALIASES = new Map([
    ["run_id", "id"], ["run_name", "name"], ["run name", "name"], ["user_id", "author"], ["user", "author"],
    ["experiment_name", "experiment"], ["start_time", "started"], ["created", "started"], ["end_time", "ended"],
  ]);
  const ATTRIBUTES = new Set([
    "author", "command", "error", "experiment", "id", "name", "notes", "parent", "status", "started", "ended", "duration", "artifact_uri",
  ]);
  const SECTIONS = { param: "params", metric: "metrics", tag: "tags" };
  const CURVE = ["min", "max", "min_step", "max_step", "count"];
  const DATASET = new Map([
    ["name", "name"], ["digest", "dvc"], ["dvc", "dvc"], ["context", "role"], ["role", "role"], ["version", "version"], ["path", "path"], ["uri", "uri"],
  ]);
  const sorted = (names) => [...names].sort().join(", ");

  /** A key that the grammar found. */
  function readKey(text, at) {
    const pieces = (text.match(/`[^`]+`|"[^"]+"|[^.`"]+/gu) || []).map((piece) => (/^[`"]/.test(piece) ? piece.slice(1, -1) : piece));
    const entity = pieces.length > 1 ? ENTITIES.get(pieces[0]) : undefined;
    const name = (entity ? pieces.slice(1) : pieces).join(".");
    if (entity && entity !== "attribute") return { entity, name, at };
    const own = ALIASES.get(name) || ALIASES.get(name.toLowerCase()) || name;
    if (ATTRIBUTES.has(own)) return { entity: "attribute", name: own, at };
    return { entity: entity || "any", name, at };
  }

  /** How a key's cells compare, as far as the key alone tells. */
  function kindOf(key) {
    if (key.entity === "metric") return "number";
    if (key.entity === "dataset") return "sets";
    if (key.entity === "any") return null;
    return key.entity === "attribute" ? attributeKind(key.name) : "plain";
  }

  function attributeKind(name) {
    if (name === "started" || name === "ended") return "time";
    return name === "status" ? "status" : name === "duration" ? "number" : "plain";
  }

  /** A table as a filter asks it: each column once, and which there are. */
  class Asked {
    constructor(table) {
      this.table = table;
      this.rows = table.rows;
      this.known = table.names ? new Set(table.names()) : null;
    }

    names() {
      return this.known || new Set();
    }

    has(name) {
      return this.known ? this.known.has(name) : Boolean(this.table.column(name));
    }

    cells(name) {
      return (this.has(name) && this.table.column(name)) || new Array(this.rows).fill(null);
    }
  }

  /** `{cells, kind}` of a key. Throws a Fault for a key that means nothing or two things. */
  function findColumn(key, table) {
    if (key.entity === "attribute") return attribute(key, table);
    if (key.entity === "metric") return { cells: metric(key.name, table), kind: "number" };
    if (key.entity === "dataset") return { cells: datasets(key, table), kind: "sets" };
    if (key.entity !== "any") return { cells: table.cells(SECTIONS[key.entity] + "." + key.name), kind: "plain" };
    return findColumn(placed(key, table), table);
  }

  const elsewhere = (name) => /^(?:code|environment|seeds|data)(?:\.|$)/u.test(name);

  function attribute(key, table) {
    const { name } = key;
    if (name === "duration") return { cells: durations(table), kind: "number" };
    if (name === "artifact_uri") return { cells: table.cells("id").map((id) => "runs:/" + id), kind: "plain" };
    if (ATTRIBUTES.has(name)) return { cells: table.cells(name), kind: attributeKind(name) };
    if (table.has(name)) return { cells: table.cells(name), kind: "plain" };
    if (!table.rows || elsewhere(name)) return { cells: new Array(table.rows).fill(null), kind: "plain" };
    const own = [...table.names()].filter((known) => !/^(?:params|metrics|tags)\./.test(known));
    throw new Fault(key.at, "a run has no attribute " + filter.quoted(name), advice(name, own));
  }

  /** A bare key as an attribute, or as the one param, metric or tag that has its name. */
  function placed(key, table) {
    const { name, at } = key;
    if (table.has(name) || !table.rows) return { entity: "attribute", name, at };
    const found = Object.keys(SECTIONS).filter((entity) => table.has(SECTIONS[entity] + "." + name));
    if (!found.length && curveOf(name, table)) found.push("metric");
    if (found.length === 1) return { entity: found[0], name, at };
    if (found.length) {
      const kinds = found.map((entity) => "a " + entity).join(" and ");
      const choice = found.map((entity) => SECTIONS[entity] + "." + name).join(" or ");
      throw new Fault(at, filter.quoted(name) + " is " + kinds + " here", "write " + choice);
    }
    if (elsewhere(name) && name.includes(".")) return { entity: "attribute", name, at };
    throw new Fault(at, "no run has a param, metric, tag or attribute " + filter.quoted(name), advice(name, table.names()));
  }

  function advice(name, names) {
    const close = filter.near(name, new Set([...names, ...ATTRIBUTES]));
    return close ? "did you mean " + close + "?" : "write params.…, metrics.…, tags.… or one of: " + sorted(ATTRIBUTES);
  }

  /** A metric's last values, or what its curve says; without steps it is its own min and max. */
  function metric(name, table) {
    if (table.has("metrics." + name)) return table.cells("metrics." + name);
    const curve = curveOf(name, table);
    if (!curve) return new Array(table.rows).fill(null);
    const last = table.cells("metrics." + curve.metric);
    if (curve.what === "last") return last;
    const said = table.cells("curves." + curve.metric + "." + curve.what);
    if (curve.what === "min" || curve.what === "max") return said.map((value, row) => value ?? last[row]);
    if (curve.what === "count") return said.map((value, row) => value ?? (last[row] === null || last[row] === undefined ? null : 1));
    return said;
  }

  function curveOf(name, table) {
    const dot = name.lastIndexOf(".");
    const [metric, what] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
    return dot >= 0 && (CURVE.includes(what) || what === "last") && table.has("metrics." + metric) ? { metric, what } : null;
  }

  /** For each run the values that its datasets have in one field. */
  function datasets(key, table) {
    const field = DATASET.get(key.name);
    if (!field) throw new Fault(key.at, "a dataset has no " + filter.quoted(key.name), "known: " + sorted(DATASET.keys()));
    const cells = Array.from({ length: table.rows }, () => []);
    for (const name of dataNames(table.names(), field)) {
      const column = table.cells(name);
      for (let row = 0; row < column.length; row++) {
        if (column[row] === null || column[row] === undefined) continue;
        const text = filter.text(column[row]);
        cells[row].push(key.name === "digest" && text.includes(":") ? text.slice(text.indexOf(":") + 1) || text : text);
      }
    }
    return cells;
  }

  const dataNames = (names, field) => [...names].filter((name) => name.startsWith("data.") && name.slice(name.lastIndexOf(".") + 1) === field);

  /** Seconds from start to end; null for a run that has not ended. */
  function durations(table) {
    if (!table.has("ended")) return table.cells("duration");
    const [started, ended] = [table.cells("started"), table.cells("ended")];
    const ms = (cell) => (typeof cell === "number" ? cell : typeof cell === "string" ? filter.moment(cell) : null);
    return started.map((start, row) => {
      const [begin, finish] = [ms(start), ms(ended[row])];
      return begin === null || finish === null ? null : (finish - begin) / 1000;
    });
  }

  /** The columns that a key may be about; with `names`, only those that there are. */
  function columnsOf({ entity, name }, names) {
    const curve = (metric) => {
      const dot = metric.lastIndexOf(".");
      return dot > 0 ? ["metrics." + metric.slice(0, dot), "curves." + metric] : [];
    };
    let asked;
    if (entity === "attribute") asked = name === "duration" ? ["started", "ended", "duration"] : [name === "artifact_uri" ? "id" : name];
    else if (entity === "metric") asked = ["metrics." + name, ...curve(name)];
    else if (entity === "dataset") asked = names ? dataNames(names, DATASET.get(name)) : [];
    else if (entity === "any") asked = [name, "params." + name, "metrics." + name, "tags." + name, ...curve(name)];
    else asked = [SECTIONS[entity] + "." + name];
    const known = names && new Set(names);
    return known ? asked.filter((one) => known.has(one)) : asked;
  }

  /** Keys of params, metrics and tags that no run has, with near names where there are some. */
  function missingColumns(keys, table) {
    if (!table.rows) return [];
    return keys.flatMap((key) => {
      const section = SECTIONS[key.entity];
      const name = section + "." + key.name;
      if (!section || table.has(name) || (key.entity === "metric" && curveOf(key.name, table))) return [];
      const close = filter.near(name, table.names());
      return [name + (close ? "; did you mean " + close + "?" : "")];
    });
  }

  Object.assign(filter, { missingColumns, ATTRIBUTES, readKey, kindOf, findColumn, columnsOf, Asked });
})();
