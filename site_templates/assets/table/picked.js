/* The first two columns of a line: whether it is picked, and what it is. Picked runs are compared. */
(function () {
  "use strict";
  const { h } = gitrack;
  const picked = new Map();
  const listeners = [];
  let last = null;

  const pageOf = (store, row) => store.peek("page")[row] || "runs/" + store.peek("id")[row] + ".html";

  function runLine(line, row, grid) {
    const { store } = grid;
    const id = store.peek("id")[row];
    const name = store.peek("name")[row] || "";
    const status = store.peek("status")[row] || "finished";
    const box = h("input", { type: "checkbox", tabindex: "-1", "aria-label": "Select run " + name });
    box.checked = picked.has(id);
    box.addEventListener("click", (event) => choose(grid, row, box.checked, event.shiftKey));
    const link = id ? gitrack.runLink(name, pageOf(store, row), status) : "";
    if (link) link.tabIndex = -1;
    if (link) shorten(link, name, grid.nameWidth - (status === "finished" ? 50 : 112));
    line.classList.toggle("picked", box.checked);
    line.setAttribute("aria-selected", String(box.checked));
    if (grid.groups) line.setAttribute("aria-level", grid.alone.has(row) ? "1" : "2");
    line.append(
      h("td", { class: "pick", role: "gridcell", "aria-colindex": 1 }, box),
      h("th", { class: "run", scope: "row", role: "rowheader", "aria-colindex": 2, title: name }, link, status !== "finished" ? h("span", { class: "word " + status }, status) : null));
  }

  /** Runs are told apart by how their names end: of a long one the middle is left out. */
  function shorten(link, name, room) {
    const wide = gitrack.wide(name);
    if (wide <= room) return;
    const kept = Math.max(8, Math.floor((name.length * room) / wide) - 1);
    const letters = [...name];
    link.querySelector("bdi").textContent = letters.slice(0, Math.floor(kept / 2)).join("") + "…" + letters.slice(-Math.ceil(kept / 2)).join("");
    link.setAttribute("aria-label", name);
  }

  function groupLine(line, one, grid) {
    const { store, state } = grid;
    const isOpen = grid.open.has(one.key);
    const title = gitrack.groups.title(store, state.group, one);
    const ids = one.rows.map((row) => store.peek("id")[row]);
    const box = h("input", { type: "checkbox", tabindex: "-1", "aria-label": "Select the runs of " + title });
    box.checked = ids.every((id) => picked.has(id));
    box.indeterminate = !box.checked && ids.some((id) => picked.has(id));
    box.addEventListener("click", () => {
      one.rows.forEach((row, at) => (box.checked ? picked.set(ids[at], row) : picked.delete(ids[at])));
      show();
    });
    line.className += " group";
    line.setAttribute("aria-expanded", String(isOpen));
    line.setAttribute("aria-level", "1");
    line.append(
      h("td", { class: "pick", role: "gridcell", "aria-colindex": 1 }, box),
      h("th", { class: "run", scope: "row", role: "rowheader", "aria-colindex": 2, title },
        h("button", { type: "button", class: "opener", tabindex: "-1", onclick: () => grid.toggle(one) },
          h("span", { class: "twist", "aria-hidden": "true" }, isOpen ? "▾" : "▸"), h("bdi", {}, title), h("span", { class: "many" }, one.rows.length === 1 ? "1 run" : one.rows.length + " runs"))));
  }

  /** Bring a line that is drawn up to date. */
  function mark(line, item) {
    const { store } = gitrack.grid;
    const box = line.querySelector("input[type=checkbox]");
    if (!box) return;
    if (typeof item === "number") {
      box.checked = picked.has(store.peek("id")[item]);
      line.setAttribute("aria-selected", String(box.checked));
    } else {
      const on = item.rows.filter((row) => picked.has(store.peek("id")[row])).length;
      box.checked = on === item.rows.length;
      box.indeterminate = on > 0 && !box.checked;
    }
    line.classList.toggle("picked", box.checked);
  }

  /** Pick a run or leave it; with `range` all between it and the last one as well. */
  function choose(grid, row, on, range) {
    const ids = grid.store.peek("id");
    let rows = [row];
    if (range && last !== null && last !== row) {
      const order = [...grid.items].filter((item) => typeof item === "number");
      const [from, to] = [order.indexOf(row), order.indexOf(last)].sort((a, b) => a - b);
      if (from >= 0) rows = order.slice(from, to + 1);
    }
    for (const one of rows) {
      if (on) picked.set(ids[one], one);
      else picked.delete(ids[one]);
    }
    last = row;
    show();
  }

  const address = () => gitrack.root + "compare.html#runs=" + [...picked.keys()].join(",");
  let bar = null;

  function show() {
    if (!bar) bar = makeBar();
    bar.place.hidden = picked.size === 0;
    bar.said.textContent = picked.size + (picked.size === 1 ? " run selected" : " runs selected");
    bar.go.textContent = picked.size === 1 ? "Compare with…" : "Compare";
    bar.go.href = address();
    listeners.forEach((listener) => listener());
  }

  function makeBar() {
    const said = h("span", { role: "status" });
    const go = h("a", { class: "button", href: "#" }, "Compare");
    const clear = h("button", { type: "button", class: "plain", onclick: () => { picked.clear(); show(); } }, "Clear");
    const place = h("div", { class: "picked-bar", role: "region", "aria-label": "Selected runs", hidden: true }, said, go, clear);
    document.body.append(place);
    return { place, said, go };
  }

  gitrack.picked = {
    runLine, groupLine, mark, choose, pageOf, address, ids: () => [...picked.keys()],
    has: (id) => picked.has(id), onChange: (listener) => listeners.push(listener),
  };
})();
