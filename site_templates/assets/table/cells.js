/* What stands in a cell. Text of users becomes text, in an element of its own direction. */
(function () {
  "use strict";
  const { h } = gitrack;
  const SVG = "http://www.w3.org/2000/svg";
  const LEVELS = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].map((level, at) => [level, at]));
  const WIDTH = 96;
  const HEIGHT = 22;
  const scales = new WeakMap();

  /** A value as text, as the table shows it. */
  function text(store, name, value) {
    if (value === null || value === undefined) return "–";
    const about = store.about.get(name);
    if (about.group === "metrics") return gitrack.number(value, about.decimals);
    if (name === "duration") return gitrack.duration(value);
    if (name === "started") return gitrack.absolute(value);
    return gitrack.setting(value);
  }

  /** Fill `td` with the value of a run. */
  function fill(td, store, name, row, { heat }) {
    const about = store.about.get(name);
    const values = store.peek(name);
    const value = values[row];
    if (value === null || value === undefined) {
      td.className = "absent " + kind(about);
      td.textContent = store.whole(name) ? "–" : "";
      return;
    }
    td.className = kind(about);
    if (about.group === "curves") {
      const drawn = spark(value);
      if (drawn) td.append(drawn);
      return;
    }
    if (name === "started") { td.append(gitrack.time(value)); return; }
    const said = text(store, name, value);
    if (about.number) {
      td.textContent = said;
      td.title = String(value);
      if (about.best !== undefined && value === about.best && about.group === "metrics") td.classList.add("top");
      if (heat) warm(td, values, about, value);
    } else {
      td.title = said;
      td.append(h("bdi", {}, said));
    }
  }

  function kind(about) {
    if (about.name === "started") return "when";
    if (about.group === "curves") return "curve";
    return about.number ? "num" : about.group === "run" && /^(id|commit|code\.commit)$/.test(about.name) ? "text mono" : "text";
  }

  /** The cell of a group: mean ± deviation, or what its runs have in common. */
  function fillGroup(td, store, name, one, { heat }) {
    const about = store.about.get(name);
    td.className = kind(about);
    if (about.group === "curves") return;
    const said = gitrack.groups.summary(store, one, name);
    if (!about.number) {
      if (name === "started") { td.append(h("span", { class: "aside" }, one.rows.length > 1 ? "" : gitrack.ago(store.peek(name)[one.rows[0]]) || "")); return; }
      if (said.value !== null) td.append(h("bdi", {}, text(store, name, said.value)));
      else td.append(h("span", { class: "absent" }, said.different ? said.different + " values" : "–"));
      return;
    }
    if (said.mean === null) { td.classList.add("absent"); td.textContent = "–"; return; }
    const show = (value) => (name === "duration" ? gitrack.duration(value) : gitrack.number(value, about.decimals));
    td.append(h("b", {}, show(said.mean)));
    if (said.deviation !== null) td.append(h("span", { class: "deviation" }, " ± ", show(said.deviation)));
    const missing = one.rows.length - said.count;
    td.title = `mean ${said.mean}` + (said.deviation === null ? "" : `, deviation ${said.deviation}`) + `, of ${said.count} run${said.count === 1 ? "" : "s"}` + (missing ? `, ${missing} without` : "");
    if (heat) warm(td, store.peek(name), about, said.mean);
  }

  /* Between the 2nd and the 98th percentile: a single outlier leaves all others alike otherwise. */
  function scaleOf(values) {
    if (!scales.has(values)) {
      const known = Float64Array.from(values.filter((value) => Number.isFinite(value))).sort();
      const at = (share) => known[Math.round((known.length - 1) * share)];
      scales.set(values, known.length > 1 ? { low: at(0.02), high: at(0.98) } : null);
    }
    return scales.get(values);
  }

  function warm(td, values, about, value) {
    const scale = scaleOf(values);
    if (!scale || scale.low === scale.high || !Number.isFinite(value)) return;
    let share = Math.max(0, Math.min(1, (value - scale.low) / (scale.high - scale.low)));
    if (about.goal === "minimize") share = 1 - share;
    td.classList.add("heat", about.goal ? "judged" : "plain");
    td.style.setProperty("--heat", Math.round(share * 100));
  }

  /** A curve of `A…_` levels, from left to right. */
  function spark(levels) {
    const points = [...levels].map((level) => LEVELS.get(level)).filter((level) => level !== undefined);
    if (points.length < 2) return null;
    const across = (at) => (2 + (at / (points.length - 1)) * (WIDTH - 6)).toFixed(1);
    const up = (level) => (HEIGHT - 3 - (level / 63) * (HEIGHT - 6)).toFixed(1);
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    const dot = document.createElementNS(SVG, "circle");
    const set = (element, attributes) => Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    set(svg, { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" });
    set(path, { d: "M" + points.map((level, at) => across(at) + "," + up(level)).join("L") });
    set(dot, { cx: across(points.length - 1), cy: up(points[points.length - 1]), r: 2 });
    svg.append(path, dot);
    return svg;
  }

  /** How wide a column is: by what is in it, not by measuring it. */
  function width(about) {
    const head = about.label.length * 7.1 + 44;
    if (about.name === "started") return 140;
    if (about.name === "duration") return 118;
    if (about.group === "curves") return Math.max(126, Math.min(head, 190));
    if (about.number) return Math.round(Math.max(84, Math.min(head, 210)));
    return Math.round(Math.max(84, Math.min(Math.max(head, about.longest * 7.4 + 30), 280)));
  }

  gitrack.cells = { text, fill, fillGroup, width, kind };
})();
