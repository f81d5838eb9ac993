/* What the table shows, as CSV, Markdown or LaTeX: its rows in their order, its columns, its groups. */
(function () {
  "use strict";
  const { h, table } = gitrack;

  /** Cells of what is shown: `{columns: [{name, label, number}], rows: [[{text, value, best}]]}`.
      With `digits` numbers are whole, else as the table writes them. */
  async function gather({ digits, selected }) {
    const { columns, pinned } = table.state();
    const names = ["name", ...pinned, ...columns.filter((name) => !pinned.includes(name))].filter((name) => !name.startsWith("history."));
    await table.need([...names, "id"]);
    const chosen = selected ? new Set(table.selected()) : null;
    const ids = table.column("id");
    const fields = names.map((name) => ({ name, label: name === "name" ? "run" : table.about(name).label, number: Boolean(table.about(name).number), best: table.about(name).best, values: table.column(name) }));
    const cell = (field, row) => {
      const value = field.values[row];
      if (value === null || value === undefined) return { text: "", value: null };
      return { text: digits || !measured(field) ? written(field, value) : table.text(field.name, row), value, best: field.best !== undefined && value === field.best && field.name.startsWith("metrics.") };
    };
    const groups = chosen ? null : gitrack.grid.groups;
    if (groups) return grouped(groups, fields, digits);
    const rows = table.rows().filter((row) => !chosen || chosen.has(ids[row]));
    return { columns: fields, rows: rows.map((row) => fields.map((field) => cell(field, row))) };
  }

  /** What the table shows otherwise than it was logged. */
  const measured = (field) => field.number || field.name === "started";

  function written(field, value) {
    if (typeof value === "number") return Number.isNaN(value) ? "NaN" : Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
    return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
  }

  /** One row a group: the number of its runs, mean and deviation of what is a number. */
  function grouped(groups, fields, digits) {
    const state = table.state();
    const store = gitrack.grid.store;
    const group = { name: "group", label: state.group === "replicates" ? "replicates" : String(table.about(state.group) ? table.about(state.group).label : state.group), number: false };
    const count = { name: "runs", label: "runs", number: true };
    const others = fields.slice(1);
    const rows = groups.map((one) => {
      const cells = others.map((field) => {
        const said = gitrack.groups.summary(store, one, field.name);
        if (!field.number) {
          const known = said.value !== null && said.value !== undefined;
          const day = known && field.name === "started" && !digits;
          return { text: !known ? "" : day ? gitrack.absolute(said.value) : written(field, said.value), value: said.value };
        }
        if (said.mean === null) return { text: "", value: null };
        const short = (value) => (field.name === "duration" ? gitrack.duration(value) : gitrack.number(value, table.about(field.name).decimals));
        const show = (value) => (digits ? String(value) : short(value));
        return { text: show(said.mean), value: said.mean, deviation: said.deviation === null ? null : show(said.deviation) };
      });
      return [{ text: gitrack.groups.title(store, state.group, one), value: one.value }, { text: String(one.rows.length), value: one.rows.length }, ...cells];
    });
    return { columns: [group, count, ...others], rows };
  }

  /* ---- three ways to write it ---- */

  /** A text that a spreadsheet would take for a formula gets an apostrophe before it. */
  const harmless = (cell) => (typeof cell.value !== "number" && /^[\t\r\n]|^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(cell.text) ? "'" + cell.text : cell.text);
  const field = (text) => (/[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text);

  function csv({ columns, rows }) {
    const spread = columns.map((column, at) => rows.some((row) => row[at].deviation !== undefined));
    const head = columns.flatMap((column, at) => (spread[at] ? [column.name, column.name + " deviation"] : [column.name]));
    const lines = rows.map((row) => row.flatMap((cell, at) => (spread[at] ? [harmless(cell), cell.deviation || ""] : [harmless(cell)])));
    return [head.map((text) => harmless({ text })), ...lines].map((line) => line.map(field).join(",") + "\r\n").join("");
  }

  const oneLine = (text) => text.replace(/[\r\n\t\x00-\x1f]+/g, " ");
  const plusMinus = (cell, sign, escape) => escape(cell.text) + (cell.deviation ? sign + escape(cell.deviation) : "");

  const plain = (text) => oneLine(text).replace(/[\\`*_{}[\]|~#!]/g, "\\$&").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  function markdown({ columns, rows }) {
    const line = (cells) => "| " + cells.join(" | ") + " |\n";
    const body = rows.map((row) => line(row.map((cell) => {
      const text = cell.text === "" ? "–" : plusMinus(cell, " ± ", cell.value !== null && typeof cell.value === "number" ? (one) => one : plain);
      return cell.best ? "**" + text + "**" : text;
    })));
    return line(columns.map(({ label }) => plain(label))) + line(columns.map(({ number }) => (number ? "--:" : ":--"))) + body.join("");
  }

  const LATEX = { "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", $: "\\$", "&": "\\&", "#": "\\#", "%": "\\%", _: "\\_", "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "–": "--", "∞": "$\\infty$", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}" };
  const tex = (text) => oneLine(text).replace(/[\\{}$&#%_^~–∞<>|]/g, (c) => LATEX[c]);

  function latex({ columns, rows }) {
    const number = (text) => (/^-\d/.test(text) ? "$" + text + "$" : tex(text));
    /* Behind the end of a line, [ and * belong to that: the cell must begin otherwise. */
    const line = ([first, ...cells]) => "  " + [/^[[*]/.test(first) ? "{}" + first : first, ...cells].join(" & ") + " \\\\\n";
    const body = rows.map((row) => line(row.map((cell) => {
      const text = cell.text === "" ? "--" : plusMinus(cell, " $\\pm$ ", typeof cell.value === "number" ? number : tex);
      return cell.best ? "\\textbf{" + text + "}" : text;
    })));
    return "% \\usepackage{booktabs}\n\\begin{tabular}{" + columns.map((column) => (column.number ? "r" : "l")).join("") + "}\n\\toprule\n" +
      line(columns.map(({ label }) => tex(label))) + "\\midrule\n" + body.join("") + "\\bottomrule\n\\end{tabular}\n";
  }

  const FORMATS = {
    csv: { word: "CSV", write: csv, digits: true, file: "runs.csv", type: "text/csv" },
    markdown: { word: "Markdown", write: markdown, digits: false, file: "runs.md", type: "text/markdown" },
    latex: { word: "LaTeX", write: latex, digits: false, file: "runs.tex", type: "application/x-tex" },
  };
  const SHOWN = 40;

  /* ---- the dialog ---- */

  function open() {
    const radios = Object.entries(FORMATS).map(([name, { word }], at) => {
      const box = h("input", { type: "radio", name: "export-format", value: name });
      box.checked = at === 0;
      return { name, box, label: h("label", {}, box, h("span", {}, word)) };
    });
    const digits = h("input", { type: "checkbox" });
    const selected = h("input", { type: "checkbox" });
    digits.checked = true;
    const preview = h("code", {});
    const said = h("p", { class: "note", role: "status" });
    const copy = h("button", { type: "button", class: "button main", "data-copy": "" }, "Copy");
    const download = h("a", { class: "button", href: "#" }, "Download");
    const many = table.selected().length;
    let address = null;

    const draw = async () => {
      const format = FORMATS[radios.find(({ box }) => box.checked).name];
      const what = await gather({ digits: digits.checked, selected: selected.checked });
      const text = format.write(what);
      const lines = text.split("\n");
      preview.textContent = lines.slice(0, SHOWN).join("\n") + (lines.length > SHOWN ? "\n…" : "");
      const count = (number, word) => number.toLocaleString("en") + " " + word + (number === 1 ? "" : "s");
      said.textContent = count(what.rows.length, what.columns[0].name === "group" ? "group" : "run") + ", " + count(what.columns.length, "column") + ", as the table shows them";
      copy.dataset.copy = text;
      if (address) URL.revokeObjectURL(address);
      address = URL.createObjectURL(new Blob([text], { type: format.type + ";charset=utf-8" }));
      download.href = address;
      download.download = format.file;
    };
    for (const { box, name } of radios) box.addEventListener("change", () => { digits.checked = FORMATS[name].digits; draw(); });
    for (const box of [digits, selected]) box.addEventListener("change", draw);
    const dialog = gitrack.dialog("Export this table", [
      h("div", { class: "choices" }, h("div", { class: "formats", role: "radiogroup", "aria-label": "Format" }, radios.map(({ label }) => label)),
        h("label", {}, digits, h("span", {}, "Every digit")),
        many ? h("label", {}, selected, h("span", {}, "Only the " + many + " selected")) : null),
      said, h("div", { class: "command tall" }, h("pre", { tabindex: "0", "aria-label": "What is exported" }, preview)),
    ], [copy, download]);
    dialog.addEventListener("close", () => { if (address) URL.revokeObjectURL(address); });
    draw();
    dialog.showModal();
    radios[0].box.focus();
  }

  gitrack.exports = { gather, csv, markdown, latex, open };
  if (table && document.getElementById("runs")) table.addTool(h("button", { type: "button", class: "button", onclick: open }, "Export"));
})();
