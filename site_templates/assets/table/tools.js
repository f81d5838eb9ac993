/* Above the table: the filter, how many runs it finds, groups, colours, columns. */
(function () {
  "use strict";
  const { h } = gitrack;
  /** From so many values on a column is no way to group runs. */
  const MOST_GROUPS = 60;
  const many = (count, word) => count.toLocaleString("en") + " " + word + (count === 1 ? "" : "s");

  function tools(grid, place) {
    const { store } = grid;
    const input = h("input", { type: "search", "aria-label": "Filter runs", placeholder: example(store), autocomplete: "off", spellcheck: "false", "aria-describedby": "filter-note" });
    const note = h("p", { class: "filter-note", id: "filter-note", hidden: true });
    const count = h("span", { class: "count", role: "status" });
    const scales = h("button", { type: "button", class: "button", "aria-pressed": "false", title: "Colour numbers by their size", onclick: () => grid.set({ scales: !grid.state.scales }) }, "Colours");
    const by = groupings(grid);
    const more = h("span", { class: "more-tools" });
    place.replaceChildren(h("div", { class: "filter" }, input), count, by, scales, more, gitrack.chooser(grid), note);

    place.classList.add("waiting"); /* how many runs are found is not known yet, and takes room */

    let waiting = 0;
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => grid.set({ filter: input.value }), store.rows > 20000 ? 120 : 0);
    });

    grid.onChange(() => {
      const { state, rows, groups, fault, missing } = grid;
      if (document.activeElement !== input && input.value !== state.filter) input.value = state.filter;
      const runs = rows.length === store.rows ? many(store.rows, "run") : rows.length.toLocaleString("en") + " of " + many(store.rows, "run");
      place.classList.remove("waiting");
      const said = runs + (groups ? " in " + many(groups.length, "group") : "");
      if (count.textContent !== said) count.textContent = said;
      scales.setAttribute("aria-pressed", String(state.scales));
      by.querySelector("select").value = state.group || "";
      note.hidden = !fault && !missing.length;
      note.classList.toggle("remark", !fault);
      note.replaceChildren(...(fault ? atFault(fault, state.filter.trim()) : missing.map((one) => nowhere(one))));
      input.setAttribute("aria-invalid", String(Boolean(fault)));
    });
    return { input, more };
  }

  function atFault(fault, text) {
    return [
      h("span", {}, h("bdi", {}, String(fault.message).split("\n")[0])),
      fault.hint ? h("span", { class: "hint" }, " · ", h("bdi", {}, fault.hint)) : null,
      fault.at === undefined ? null : gitrack.filter.marked(text, fault.at),
    ].filter(Boolean);
  }

  /** A name that no run has is most often misspelt; with it a filter finds nothing and is right. */
  function nowhere(one) {
    const [name, ...close] = one.split("; ");
    return h("span", {}, "No run here has ", h("code", {}, h("bdi", {}, name)), close.length ? h("span", { class: "hint" }, " · ", h("bdi", {}, close.join("; "))) : null, " ");
  }

  function groupings(grid) {
    const { store } = grid;
    const few = (group) => store.names.filter((name) => {
      const about = store.about.get(name);
      return about.group === group && about.values > 1 && about.values <= MOST_GROUPS && about.values < store.rows;
    });
    const option = (name) => h("option", { value: name }, store.about.get(name).label);
    const set = (word, names) => (names.length ? h("optgroup", { label: word }, names.map(option)) : null);
    const select = h("select", { "aria-label": "Group by" },
      h("option", { value: "" }, "No groups"),
      store.has("experiment") && !store.about.get("experiment").constant ? h("option", { value: "experiment" }, "Experiment") : null,
      h("option", { value: "replicates" }, "Seed replicates"),
      set("Tags", few("tags")), set("Params", few("params")));
    select.addEventListener("change", () => grid.set({ group: select.value || null }));
    grid.onChange(() => {
      const { group } = grid.state;
      if (group && ![...select.options].some((one) => one.value === group)) select.append(option(group));
    });
    return h("label", { class: "grouping" }, select);
  }

  /** A filter that finds some of these runs, to begin with. */
  function example(store) {
    const metric = store.metric && store.about.get(store.metric);
    if (!metric || metric.best === undefined) return "Filter: words, or status = failed";
    const some = Number((metric.goal === "minimize" ? metric.best * 1.1 : metric.best * 0.98).toPrecision(2));
    return "Filter: words, or " + metric.name + (metric.goal === "minimize" ? " < " : " > ") + gitrack.number(some);
  }

  gitrack.tableTools = tools;
})();
