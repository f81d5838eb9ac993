/* Draws a graph as SVG. The same sizes and lines as in gitrack/site/pages/lineage.py. */
(function () {
  "use strict";

  const [WIDE, HIGH, COLUMN, ROW, EDGE, LONGEST, LONGEST_SUB, AROUND] = [218, 38, 264, 48, 8, 27, 34, 34];

  function s(tag, properties, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value !== null && value !== false) element.setAttribute(name, String(value));
    }
    element.append(...children);
    return element;
  }

  /** Names differ at their ends: what is too much goes from the middle. */
  function cut(text, longest) {
    const letters = [...text];
    if (letters.length <= longest) return text;
    const head = Math.floor((longest - 1) / 2) + 1;
    return letters.slice(0, head).join("") + "…" + letters.slice(head + 1 - longest).join("");
  }
  const down = (height) => Math.round(EDGE / 2 + height * ROW);
  const curve = (x, y, endX, endY) => {
    const middle = Math.floor((x + endX) / 2);
    return "C" + [middle, y, middle, endY, endX, endY].join(" ");
  };

  function line(from, to, bends) {
    let [x, y] = [EDGE + from[0] * COLUMN + WIDE, down(from[1])];
    const [endX, endY] = [EDGE + to[0] * COLUMN, down(to[1])];
    if (to[0] === from[0]) return "M" + x + " " + y + "C" + [x + AROUND, y, x + AROUND, endY, x, endY].join(" ");
    if (to[0] < from[0]) return line(to, from, bends);
    let path = "M" + x + " " + y;
    bends.forEach((bend, step) => {
      const left = EDGE + (from[0] + step + 1) * COLUMN;
      path += curve(x, y, left, down(bend)) + "H" + (left + WIDE);
      [x, y] = [left + WIDE, down(bend)];
    });
    return path + curve(x, y, endX, endY);
  }

  /** `view`: items, links, places by item, layers, height, bends (whether links keep theirs). */
  function draw(view, sub) {
    const lines = s("g", { class: "lines", "aria-hidden": "true" });
    for (const link of view.links) {
      const [from, to] = [view.places.get(link.source), view.places.get(link.target)];
      const path = s("path", { class: to[0] <= from[0] ? "back" : null, d: line(from, to, view.bends ? link.bends : []) });
      view.paths.set(link, path);
      lines.append(path);
    }
    const [width, height] = [Math.max(0, view.layers - 1) * COLUMN + WIDE + 2 * EDGE, down(view.height) + EDGE];
    const svg = s("svg", { class: "lineage", role: "group", "aria-label": "Lineage", width, height, viewBox: `0 0 ${width} ${height}` }, lines);
    const order = [...view.items].sort((a, b) => view.places.get(a)[0] - view.places.get(b)[0] || view.places.get(a)[1] - view.places.get(b)[1]);
    for (const item of order) {
      const [layer, height] = view.places.get(item);
      const told = [...item.words, ...(sub(item) ? [sub(item)] : [])].join(" · ");
      const box = s("a", {
        class: "box of-" + item.kind + (item.known ? "" : " unknown") + (item.words.includes("production") ? " live" : ""),
        transform: "translate(" + (EDGE + layer * COLUMN) + " " + (down(height) - HIGH / 2) + ")",
        href: item.href ? gitrack.root + item.href : "#" + item.key,
        tabindex: "-1",
      },
      s("title", {}, item.label), s("rect", { width: WIDE, height: HIGH, rx: 7 }), s("path", { class: "edge", d: "M4 7V31" }),
      s("text", { x: 14, y: 16 }, cut(item.label, LONGEST)), s("text", { class: "sub", x: 14, y: 30 }, cut(told, LONGEST_SUB)));
      view.boxes.set(item, box);
      svg.append(box);
    }
    view.order = order;
    return svg;
  }

  gitrack.drawGraph = draw;
})();
