/* Pictures of the same name side by side. */
(function () {
  "use strict";
  const { h } = gitrack;
  const { sections, rowsOf } = gitrack.compare;

  const MOST = 24;

  function draw(inside, context, title) {
    const { swatch } = context;
    /* With their places, which give them their colours. */
    const shown = [...gitrack.compare.foremost(context, MOST).entries()].filter(([, run]) => run);
    const runs = shown.map(([, run]) => run);
    title.replaceChildren("Pictures", context.runs.length > MOST ? h("span", { class: "aside" }, `of the ${MOST} best of ${context.runs.length} runs`) : "");
    const rows = rowsOf(runs, (run) => run.pictures);
    if (!rows.length) return false;
    const lazy = rows.length * runs.length > 60 && "lazy";
    const picture = (row) => (cell, i) => h("figure", {},
      cell ? h("img", { src: cell[1] ? cell[0] : gitrack.root + cell[0], alt: row.name + " of " + runs[i].name, loading: lazy }) : h("div", { class: "missing" }, "none"),
      h("figcaption", {}, swatch(shown[i][0]), h("bdi", {}, runs[i].name)));
    inside.replaceChildren(...rows.flatMap((row) => [
      h("h3", { class: "side-name" }, h("bdi", {}, row.name)),
      h("div", { class: "side", tabindex: 0, role: "group", "aria-label": row.name }, row.cells.map(picture(row))),
    ]));
    return true;
  }

  sections.push({ id: "pictures", title: "Pictures", draw });
})();
