/* A sweep's lines and its table point at each other; without this, each line still is a link. */
(function () {
  "use strict";
  const svg = document.querySelector(".parallel-drawing svg");
  const read = document.getElementById("line-read");
  if (!svg) return;
  const lines = new Map([...svg.querySelectorAll("a[data-run]")].map((line) => [line.dataset.run, line]));
  const rows = new Map([...document.querySelectorAll("tr[data-run]")].map((row) => [row.dataset.run, row]));
  let shown = null;

  /* A line of one pixel is hard to hit: a wide one that nobody sees lies over it. */
  for (const line of lines.values()) {
    const wide = line.querySelector("path").cloneNode();
    wide.setAttribute("class", "hit");
    line.append(wide);
  }

  function show(id) {
    if (id === shown) return;
    for (const some of [lines, rows]) {
      if (some.has(shown)) some.get(shown).classList.remove("pointed");
      if (some.has(id)) some.get(id).classList.add("pointed");
    }
    shown = id;
    svg.classList.toggle("pointing", lines.has(id));
    const line = lines.get(id);
    read.textContent = line ? line.querySelector("title").textContent : "";
  }

  svg.addEventListener("pointerover", (event) => {
    const line = event.target.closest("a[data-run]");
    if (line) show(line.dataset.run);
  });
  svg.addEventListener("pointerleave", () => show(null));
  for (const [id, row] of rows) {
    row.addEventListener("pointerenter", () => show(id));
    row.addEventListener("pointerleave", () => show(null));
    row.addEventListener("focusin", () => show(id));
    row.addEventListener("focusout", () => show(null));
  }
})();
