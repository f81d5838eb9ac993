/* The lines of the table: only those in sight, and only columns in sight, are in the page.
   The table stands still in its scroller and its lines are exchanged, so that however fast
   somebody scrolls there is never an empty place. */
(function () {
  "use strict";
  const { h } = gitrack;
  const PICK = 38;
  /* As wide as the names are, within these. Beside a name stand its dot, a word, and room. */
  const NAME = { wide: [268, 430], narrow: [168, 196] };
  const BESIDE = 58;
  /** From so many columns on those out of sight are left out. */
  const ALL_COLUMNS = 28;
  const BEYOND = 400;
  const PRINTED = 500;
  /** A sheet on its side. */
  const SHEET = 1000;

  class Lines {
    constructor(grid, place) {
      this.grid = grid;
      this.place = place;
      this.head = h("thead", {});
      this.body = h("tbody", {});
      this.columns = h("colgroup", {});
      this.table = h("table", { class: "list dense", role: "grid", tabindex: "0", "aria-labelledby": "runs-title", "aria-multiselectable": "true" }, this.columns, this.head, this.body);
      this.view = h("div", { class: "grid-view" }, this.table);
      this.size = h("div", { class: "grid-size" }, this.view);
      this.none = h("p", { class: "grid-none", hidden: true });
      this.cut = h("p", { class: "note grid-cut", hidden: true });
      this.active = -1;
      this.shown = new Map();
      this.drawn = { from: -1, to: -1 };
      this.printing = false;
    }

    start() {
      this.place.classList.add("grid");
      this.place.removeAttribute("tabindex");
      this.place.removeAttribute("role");
      this.place.removeAttribute("aria-labelledby");
      this.place.replaceChildren(this.size, this.none);
      this.place.before(this.cut);
      this.row = Number.parseInt(getComputedStyle(this.place).getPropertyValue("--row"), 10) || 33;
      this.place.addEventListener("scroll", () => this.scrolled(), { passive: true });
      new ResizeObserver(() => this.redraw()).observe(this.place);
      window.addEventListener("beforeprint", () => { this.printing = true; this.redraw(); });
      window.addEventListener("afterprint", () => { this.printing = false; this.redraw(); });
      this.table.addEventListener("focus", () => { if (this.active < 0 && this.items.length) this.move(1); });
    }

    get items() { return this.grid.items; }

    /** The columns from left to right: pinned ones first. */
    layout() {
      const { state, store } = this.grid;
      const narrow = this.place.clientWidth < 560;
      const pinned = narrow ? [] : state.pinned.filter((name) => state.columns.includes(name));
      let names = [...pinned, ...state.columns.filter((name) => !pinned.includes(name))];
      /* On a phone few columns are in sight: first what runs are told apart by. */
      const own = (name) => store.about.get(name).group === "run";
      if (narrow) names = [...names.filter((name) => !own(name)), ...names.filter(own)];
      const name = this.nameWidth(narrow);
      const spread = this.grid.groups ? 62 : 0;
      const widths = names.map((one) => gitrack.cells.width(store.about.get(one)) + (store.about.get(one).number ? spread : 0));
      const total = widths.reduce((sum, width) => sum + width, PICK + name);
      const room = this.place.clientWidth - total;
      const more = room > 0 && !this.printing ? room / (widths.length + 2) : 0;
      let left = PICK + name + more * 2;
      this.width = { pick: PICK, name: name + more * 2, total: this.printing ? total : Math.max(total, this.place.clientWidth) };
      this.grid.nameWidth = this.width.name;
      this.fields = names.map((one, at) => {
        const width = widths[at] + more;
        const field = { name: one, about: store.about.get(one), width, left, pinned: at < pinned.length };
        left += width;
        return field;
      });
      this.frozen = pinned.length ? this.fields[pinned.length - 1].left + this.fields[pinned.length - 1].width : PICK + this.width.name;
    }

    /** What the names need: of the longest few, since many are much alike. */
    nameWidth(narrow) {
      const [least, most] = narrow ? NAME.narrow : NAME.wide;
      if (this.longest === undefined) {
        const names = [...this.grid.store.peek("name")].filter(Boolean).sort((a, b) => b.length - a.length).slice(0, 40);
        this.longest = Math.max(0, ...names.map((one) => gitrack.wide(one)));
      }
      return Math.max(least, Math.min(most, Math.ceil(this.longest) + BESIDE, this.place.clientWidth * (narrow ? 0.6 : 0.4)));
    }

    /** Everything anew: another state, another size. */
    redraw() {
      if (!this.grid.state) return;
      this.layout();
      this.drawn = { from: -1, to: -1 };
      this.place.classList.toggle("printing", this.printing);
      this.place.style.scrollPaddingLeft = this.frozen + "px"; // what has the focus comes out from under them
      this.drawColumns();
      const height = this.head.offsetHeight || 62;
      this.size.style.height = height + this.items.length * this.row + "px";
      this.size.style.width = this.printing ? this.table.style.width : this.width.total + "px";
      this.view.style.height = Math.min(this.place.clientHeight, height + this.items.length * this.row) + "px";
      this.headHeight = height;
      this.table.setAttribute("aria-rowcount", this.items.length + 2);
      this.table.setAttribute("aria-colcount", this.fields.length + 2);
      this.table.setAttribute("role", this.grid.groups ? "treegrid" : "grid");
      if (this.active >= this.items.length) this.active = this.items.length - 1;
      this.none.hidden = this.items.length > 0;
      this.none.textContent = "No run fits this filter.";
      this.sayCut();
      this.shown.clear();
      this.body.replaceChildren();
      this.drawLines();
    }

    /** A print of ten thousand lines is none: it says what it leaves out, and where the rest is. */
    sayCut() {
      const { items, fields, drawn } = this;
      const said = [
        items.length > PRINTED ? `${PRINTED} of ${items.length.toLocaleString("en")} lines` : "",
        drawn.to < fields.length ? `${drawn.to} of ${fields.length} columns` : "",
      ].filter(Boolean);
      this.cut.hidden = !this.printing || !said.length;
      if (!this.cut.hidden) this.cut.textContent = `Here are the first ${said.join(" and ")}; “Export” on this page gives all of them.`;
    }

    /** The columns in sight, or all where there are few. True if they are others than before. */
    inSight() {
      const free = this.fields.filter((field) => !field.pinned);
      const first = this.fields.length - free.length;
      if (this.printing) {
        const over = this.fields.findIndex((field) => !field.pinned && field.left + field.width > SHEET);
        return { from: first, to: over < 0 ? this.fields.length : Math.max(first + 1, over) };
      }
      if (this.fields.length <= ALL_COLUMNS) return { from: first, to: this.fields.length };
      const left = this.place.scrollLeft + this.frozen - BEYOND;
      const right = this.place.scrollLeft + this.place.clientWidth + BEYOND;
      let from = free.findIndex((field) => field.left + field.width > left);
      let to = free.findIndex((field) => field.left > right);
      if (from < 0) from = free.length - 1;
      if (to < 0) to = free.length;
      return { from: first + from, to: first + to };
    }

    drawColumns() {
      const sight = this.inSight();
      if (sight.from === this.drawn.from && sight.to === this.drawn.to) return false;
      this.drawn = sight;
      const pinned = this.fields.filter((field) => field.pinned);
      this.current = [...pinned, ...this.fields.slice(sight.from, sight.to)];
      /* What is left out on the left is the padding of the first column that is there. */
      const begin = pinned.length ? this.frozen : PICK + this.width.name;
      this.gap = sight.from < this.fields.length ? this.fields[sight.from].left - begin : 0;
      this.gapAt = pinned.length;
      const widths = [PICK, this.width.name, ...this.current.map((field, at) => field.width + (at === this.gapAt ? this.gap : 0))];
      this.columns.replaceChildren(...widths.map((width) => h("col", { style: `width: ${width}px` })));
      this.table.style.width = widths.reduce((sum, width) => sum + width, 0) + "px";
      const last = this.current[this.current.length - 1];
      for (const field of this.current) field.edge = field === pinned[pinned.length - 1] ? "last-pinned" : "";
      this.last = last;
      gitrack.header(this);
      return true;
    }

    scrolled() {
      if (this.drawColumns()) { this.shown.clear(); this.body.replaceChildren(); }
      this.drawLines();
    }

    drawLines() {
      const { items, row } = this;
      const top = this.printing ? 0 : Math.max(0, Math.min(this.place.scrollTop, items.length * row));
      const first = Math.floor(top / row);
      const visible = Math.ceil((this.place.clientHeight - this.headHeight) / row) + 1;
      const last = Math.min(items.length, this.printing ? PRINTED : first + Math.max(1, visible));
      this.body.style.transform = this.printing ? "" : `translateY(${first * row - top}px)`;
      for (const [at, line] of this.shown) {
        if (at < first || at >= last) { line.remove(); this.shown.delete(at); }
      }
      let before = null;
      for (let at = last - 1; at >= first; at--) {
        let line = this.shown.get(at);
        if (!line) {
          line = this.line(at);
          this.shown.set(at, line);
          this.body.insertBefore(line, before);
        }
        before = line;
      }
      const active = this.shown.get(this.active);
      if (active) this.table.setAttribute("aria-activedescendant", active.id);
      else this.table.removeAttribute("aria-activedescendant");
    }

    line(at) {
      const item = this.items[at];
      const line = h("tr", { id: "line-" + at, role: "row", "aria-rowindex": at + 3 });
      line.classList.toggle("active", at === this.active);
      const options = { heat: this.grid.state.scales };
      if (typeof item === "number") gitrack.picked.runLine(line, item, this.grid);
      else gitrack.picked.groupLine(line, item, this.grid);
      this.current.forEach((field, number) => {
        const td = document.createElement("td");
        if (typeof item === "number") gitrack.cells.fill(td, this.grid.store, field.name, item, options);
        else gitrack.cells.fillGroup(td, this.grid.store, field.name, item, options);
        this.placed(td, field, number);
        line.append(td);
      });
      return line;
    }

    /** What a cell has from its column: its number, whether it is pinned, the gap before it. */
    placed(cell, field, number) {
      cell.setAttribute("role", cell.tagName === "TH" ? "columnheader" : "gridcell");
      cell.setAttribute("aria-colindex", this.fields.indexOf(field) + 3);
      if (field.pinned) {
        cell.classList.add("pinned");
        cell.style.left = field.left + "px";
        if (field.edge) cell.classList.add(field.edge);
      }
      if (number === this.gapAt && this.gap > 0) cell.style.paddingLeft = this.gap + 14 + "px";
    }

    /** Only what is drawn of the lines: picked, active. */
    mark() {
      for (const [at, line] of this.shown) {
        line.classList.toggle("active", at === this.active);
        gitrack.picked.mark(line, this.items[at]);
      }
    }

    /** Make a line the active one and bring it into sight. */
    go(at) {
      if (!this.items.length) return;
      this.active = Math.max(0, Math.min(this.items.length - 1, at));
      const top = this.active * this.row;
      const room = this.place.clientHeight - this.headHeight;
      if (top < this.place.scrollTop) this.place.scrollTop = top;
      else if (top + this.row > this.place.scrollTop + room) this.place.scrollTop = top + this.row - room;
      this.drawLines();
      this.mark();
      const line = this.shown.get(this.active);
      if (line) this.table.setAttribute("aria-activedescendant", line.id);
    }

    move(by) { this.go(this.active + by); }

    get page() { return Math.max(1, Math.floor((this.place.clientHeight - this.headHeight) / this.row) - 1); }
  }

  gitrack.Lines = Lines;
})();
