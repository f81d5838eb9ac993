/* Curves that grow: each metric in a small chart of its own, drawn again with what has come. */
(function () {
  "use strict";
  const W = 320, H = 150, LEFT = 44, RIGHT = 8, TOP = 8, BOTTOM = 22;
  const NS = "http://www.w3.org/2000/svg";

  function s(tag, properties, text) {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(properties)) element.setAttribute(name, String(value));
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /** Round numbers between two ends, about as many as asked for. */
  function ticks(low, high, wanted) {
    const raw = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw) || raw;
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9 && found.length < 12; at += step) found.push(Number(at.toPrecision(12)));
    return found;
  }

  /** Powers of ten between two logarithms; both ends where there are none. */
  function powers(low, high) {
    const found = [];
    const by = Math.max(1, Math.ceil((high - low) / 4));
    for (let at = Math.ceil(low); at <= high; at += by) found.push(at);
    return found.length > 1 ? found : [low, high];
  }

  const brief = (value) => {
    const size = Math.abs(value);
    if (size >= 1e6 || (size > 0 && size < 1e-3)) return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
    return size >= 1e4 ? value / 1000 + "k" : String(Number(value.toPrecision(4)));
  };

  /** [place, value] of everything that can be drawn. */
  function points(places, values, log) {
    const found = [];
    values.forEach((raw, i) => {
      const value = gitrack.toNumber(raw);
      const place = gitrack.toNumber(places[i]);
      if (value === null || place === null || !Number.isFinite(value) || (log && value <= 0)) return;
      found.push([place, log ? Math.log10(value) : value]);
    });
    return found.sort((a, b) => a[0] - b[0]);
  }

  const spread = (low, high) => (low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high]);

  /** One chart. Values that a log scale cannot show are left out, and the caption says so. */
  function draw(name, places, values, { log, over }) {
    const drawn = points(places, values, log);
    const all = points(places, values, false);
    const last = all.length ? all[all.length - 1][1] : null;
    const figure = gitrack.h("figure", {}, gitrack.h("figcaption", {}, gitrack.name(name), gitrack.h("b", { title: String(last) }, gitrack.number(last))));
    if (drawn.length < 2) {
      figure.append(gitrack.h("p", { class: "note" }, log ? "No log scale shows values of zero and below." : "Nothing to draw yet."));
      return figure;
    }
    const [x0, x1] = spread(drawn[0][0], drawn[drawn.length - 1][0]);
    let y0 = Infinity, y1 = -Infinity;
    for (const [, value] of drawn) {
      if (value < y0) y0 = value;
      if (value > y1) y1 = value;
    }
    [y0, y1] = spread(y0, y1);
    const x = (at) => LEFT + ((at - x0) / (x1 - x0)) * (W - LEFT - RIGHT);
    const y = (at) => H - BOTTOM - ((at - y0) / (y1 - y0)) * (H - TOP - BOTTOM);
    const low = log ? 10 ** y0 : y0, high = log ? 10 ** y1 : y1;
    const label = `${name}: ${all.length} values over ${over}, last ${gitrack.number(last)}, between ${gitrack.number(low)} and ${gitrack.number(high)}`;
    const svg = s("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label });
    for (const at of log ? powers(y0, y1) : ticks(y0, y1, 3)) {
      svg.append(s("line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: y(at), y2: y(at) }));
      svg.append(s("text", { x: LEFT - 6, y: y(at) + 3.5, "text-anchor": "end" }, brief(log ? 10 ** at : at)));
    }
    for (const at of ticks(x0, x1, 4)) {
      svg.append(s("text", { x: x(at), y: H - 6, "text-anchor": "middle" }, brief(at)));
    }
    const path = drawn.map(([px, py], i) => (i ? "L" : "M") + x(px).toFixed(1) + " " + y(py).toFixed(1)).join("");
    const [tx, ty] = drawn[drawn.length - 1];
    svg.append(s("path", { class: "curve", d: path }), s("circle", { class: "tip", cx: x(tx).toFixed(1), cy: y(ty).toFixed(1), r: 2.6 }));
    figure.append(svg);
    return figure;
  }

  gitrack.liveCurve = draw;
})();
