/* The site's own small library: data that scripts bring, elements, numbers and times.
   Text of users only ever becomes text: nothing here, or anywhere, writes HTML. */
(function () {
  "use strict";

  const root = document.body.dataset.root || "";
  const arrived = new Map();
  const loading = new Map();

  /** An element. `on…` properties listen, true sets an attribute, null and false leave it out. */
  function h(tag, properties, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : String(value));
    }
    /* One by one: a call takes no hundred thousand arguments. */
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== false) element.append(child);
    return element;
  }

  /** A name that may break after its underscores, dots and dashes. */
  function name(text) {
    const parts = String(text).split(/(?<=[_./-])/);
    return h("bdi", {}, parts.flatMap((part, i) => (i && i < 40 ? [document.createElement("wbr"), part] : [part])));
  }

  /** Load one of the site's scripts once; data scripts call one of the functions below. */
  function load(path) {
    if (!loading.has(path)) {
      loading.set(path, new Promise((resolve, reject) => {
        const script = h("script", { src: root + path });
        script.addEventListener("load", () => resolve(path));
        script.addEventListener("error", () => {
          loading.delete(path);
          reject(new Error(path + " is not on this site"));
        });
        document.head.append(script);
      }));
    }
    return loading.get(path);
  }

  const isId = (text) => /^[a-z0-9][a-z0-9-]*$/.test(text) && text.length <= 80;

  /** A run's data, or an error that says there is none. */
  async function fetchRun(id) {
    if (!arrived.has("run:" + id)) {
      if (!isId(id)) throw new Error("not the id of a run");
      await load("data/runs/" + id + ".js");
    }
    return arrived.get("run:" + id);
  }

  async function fetchOnce(key, path) {
    if (!arrived.has(key)) await load(path);
    return arrived.get(key);
  }

  const NAMED = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };

  /** A number as data carries it: JSON has no NaN and no infinities, so they come by name. */
  function toNumber(value) {
    if (typeof value === "number") return value;
    if (typeof value === "string" && Object.hasOwn(NAMED, value)) return NAMED[value];
    return value === null || value === "" ? null : Number(value);
  }

  /** Without zeros at the end where nothing stands behind them: 0.5, but 0.4010 of 0.40099. */
  const short = (value, text) => (Number(text) === value && text.includes(".") ? text.replace(/\.?0+(?=e|$)/, "") : text);

  /** Four significant digits, or as many decimals as the column has. */
  function number(raw, decimals) {
    const value = toNumber(raw);
    if (value === null || value === undefined) return "–";
    if (Number.isNaN(value)) return typeof raw === "string" && raw !== "NaN" ? raw : "NaN";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
    if (Number.isInteger(value) && Math.abs(value) < 1e15 && !decimals) return String(value);
    if (typeof decimals === "number") return value.toFixed(decimals);
    const size = Math.abs(value);
    if (size >= 1e-4 && size < 1e6) return short(value, value.toPrecision(Math.max(4, Math.ceil(Math.log10(size)))));
    return short(value, value.toExponential(3)).replace("e+", "e");
  }

  /** How many decimals let these numbers line up; undefined when one count does not suit all. */
  function decimals(values) {
    const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
    const most = Math.max(...sizes);
    if (!sizes.length || sizes.every(Number.isInteger) || most >= 1e6 || most < 1e-4 || Math.min(...sizes) * 1e4 < most) return undefined;
    const kept = Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(most))));
    return Math.max(...sizes.map((size) => (size.toFixed(kept).replace(/0+$/, "").split(".")[1] || "").length));
  }

  let pen = null;
  /** How wide a text is in the page's letters. */
  function wide(text) {
    if (!pen) {
      pen = document.createElement("canvas").getContext("2d");
      const { fontSize, fontFamily } = getComputedStyle(document.body);
      pen.font = fontSize + " " + fontFamily;
    }
    return pen.measureText(text).width;
  }

  /** A param or tag as it was given. */
  function setting(value) {
    if (value === null || value === undefined) return "–";
    if (typeof value === "number" && value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e15)) {
      return value.toExponential().replace("e+", "e");
    }
    return String(value);
  }

  function duration(seconds) {
    if (seconds === null || seconds === undefined) return "–";
    if (seconds < 10) return seconds.toFixed(1) + " s";
    let rest = Math.round(seconds);
    const parts = [];
    for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
      const amount = Math.floor(rest / length);
      rest -= amount * length;
      if (amount || parts.length) parts.push([amount, unit]);
    }
    return parts.slice(0, 2).filter(([amount]) => amount).map(([amount, unit]) => amount + " " + unit).join(" ");
  }

  const UNITS = [[31557600, "year"], [2629800, "month"], [604800, "week"], [86400, "day"], [3600, "hour"], [60, "minute"]];

  let onPaper = false;

  /** `3 weeks ago`, by the reader's clock. Paper has no pointer to ask and is read later: there it is the day. */
  function ago(iso) {
    const seconds = (Date.now() - Date.parse(iso)) / 1000;
    if (!Number.isFinite(seconds)) return null;
    if (onPaper) return absolute(iso);
    for (const [length, unit] of UNITS) {
      const amount = Math.round(seconds / length);
      if (Math.abs(seconds) >= length * 0.95 && amount) {
        return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-amount, unit);
      }
    }
    return "just now";
  }

  /** `2024-10-22 14:30 UTC`. */
  function absolute(iso) {
    const when = new Date(iso);
    return Number.isNaN(when.getTime()) ? String(iso) : when.toISOString().slice(0, 16).replace("T", " ") + " UTC";
  }

  function time(iso) {
    const said = ago(iso);
    if (said === null) return h("span", {}, String(iso));
    return h("time", { datetime: iso, title: absolute(iso) }, said);
  }

  function runLink(name, page, status) {
    return h("a", { class: "run-link", href: root + page },
      h("span", { class: "dot " + status, title: status }), h("bdi", {}, name));
  }

  const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  const bytesOf = (text) => new DataView(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);

  /** A list of numbers as the build has packed it (site/packing.py), or as it is. */
  function unpacked(list) {
    if (Array.isArray(list)) return list;
    const many = (count, value) => Array.from({ length: count }, (_, i) => value(i));
    if ("by" in list) return many(list.count, (i) => list.from + i * list.by);
    if ("signs" in list) return Array.from(list.signs, (sign) => (sign === "-" ? null : SIGNS.indexOf(sign)));
    if ("between" in list) {
      let sum = 0;
      return list.between.map((one) => (sum += one) / list.per);
    }
    if ("bits" in list) {
      const bits = bytesOf(list.bits);
      return many(list.count, (i) => (bits.getUint8(i >> 3) >> (i & 7)) & 1);
    }
    if ("words" in list) {
      const words = bytesOf(list.words);
      return many(words.byteLength / 2, (i) => words.getUint16(2 * i, true)).map((word) => (word === 65535 ? null : list.low + word * list.step));
    }
    const floats = bytesOf(list.floats);
    const values = many(floats.byteLength / 4, (i) => Number(floats.getFloat32(4 * i, true).toPrecision(7)));
    for (const place of list.none || []) values[place] = null;
    return values;
  }

  /** A run's data with all its numbers as plain lists. */
  function opened(run) {
    if (run.history) {
      run.history.steps = unpacked(run.history.steps);
      run.history.times = unpacked(run.history.times);
      run.history.columns = run.history.columns.map(([name, values]) => [name, unpacked(values)]);
    }
    for (const [, { sample }] of run.evaluation ? run.evaluation.sets : []) {
      if (!sample) continue;
      for (const name of ["truth", "scores", "said"]) if (sample[name]) sample[name] = unpacked(sample[name]);
    }
    return run;
  }

  /* One colour of eight a series, then the same colours dashed. */
  const DASHES = [[1, 0], [6, 3], [2, 3], [8, 3, 2, 3]];
  const style = (place) => ({ colour: "--series-" + ((place % 8) + 1), dash: DASHES[Math.floor(place / 8) % DASHES.length] });
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** What the site was built of: said once a page, in its last line, so that no page holds it. */
  function build(built) {
    window.dispatchEvent(new CustomEvent("gitrack-build", { detail: built }));
    if (arrived.has("build")) return;
    arrived.set("build", built);
    const at = document.getElementById("built-of");
    if (!at) return;
    at.replaceChildren(...(built.commit ? [" at ", h("code", { title: built.commit }, built.commit.slice(0, 10))] : [", still empty"]));
    const many = (count, word) => count + " " + word + (count === 1 ? "" : "s");
    document.getElementById("built-counts").textContent = many(built.runs, "run") + " in " + many(built.experiments, "experiment");
  }

  window.gitrack = {
    root, h, name, load, fetchRun, fetchOnce, toNumber, number, decimals, wide, setting, duration, ago, absolute, time, runLink, style, css,
    onTheme: [],
    run: (data) => arrived.set("run:" + data.id, opened(data)),
    index: (data) => arrived.set("index", data),
    marks: (data) => arrived.set("marks", data),
    specs: (data) => arrived.set("specs", data),
    patch: (path, data) => arrived.set("patch:" + path, data),
    packages: (path, data) => arrived.set("packages:" + path, data),
    build,
    got: (key) => arrived.get(key),
  };

  function sayTimes() {
    for (const element of document.querySelectorAll("time[datetime]")) {
      const said = ago(element.getAttribute("datetime"));
      if (said !== null) element.textContent = said;
    }
  }
  sayTimes();
  window.addEventListener("beforeprint", () => { onPaper = true; sayTimes(); });
  window.addEventListener("afterprint", () => { onPaper = false; sayTimes(); });

  /** What an address leads to may lie in a fold; not every browser opens it by itself. */
  function unfold() {
    let place = null;
    try { place = document.getElementById(decodeURIComponent(window.location.hash.slice(1))); } catch (broken) { return; }
    let opened = false;
    for (let fold = place && place.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      opened = opened || !fold.open;
      fold.open = true;
    }
    if (opened) place.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  unfold();

  const themeChanged = () => requestAnimationFrame(() => gitrack.onTheme.forEach((redraw) => redraw()));
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", themeChanged);
  gitrack.dark = () => (document.documentElement.getAttribute("data-theme") || (system.matches ? "dark" : "light")) === "dark";
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.addEventListener("click", () => {
      const next = gitrack.dark() ? "light" : "dark";
      document.documentElement.setAttribute("data-theme", next);
      try {
        window.localStorage.setItem("gitrack-theme", next);
      } catch (refused) {
        /* No storage from disk in this browser: the choice lasts for this page. */
      }
      themeChanged();
    });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = button.dataset.copy || button.parentElement.querySelector("code").textContent;
    const label = button.querySelector("code") || button;
    const before = label.textContent;
    try {
      await navigator.clipboard.writeText(text);
      label.textContent = "Copied";
    } catch (refused) {
      const range = document.createRange();
      range.selectNodeContents(button.dataset.copy ? label : button.parentElement.querySelector("code"));
      window.getSelection().removeAllRanges();
      window.getSelection().addRange(range);
      return;
    }
    setTimeout(() => { label.textContent = before; }, 1200);
  });
})();
