/* The date slider of a model's page: what stood in each stage at the end of a day (UTC), or, of a
   model so young that days say little, at a moment. All that it knows it reads from the table
   below it, which says the same without scripts. */
(function () {
  "use strict";
  const place = document.querySelector("[data-timeline]");
  if (!place) return;
  const { h } = gitrack;
  const DAY = 86400000;
  const first = Date.parse(place.dataset.first);
  const last = Date.parse(place.dataset.last);
  const day = place.querySelector("[data-day]");
  const slider = place.querySelector("[data-slider]");
  const cursor = place.querySelector("[data-cursor]");
  const answer = place.querySelector("[data-answer]");
  const steps = Number(slider.max);
  const young = last - first < 3 * DAY;
  /** So far goes a key on the slider. */
  const unit = young ? Math.max(1000, Math.round((last - first) / 200000) * 1000) : DAY;

  const stays = [...place.querySelectorAll("tbody tr")].map((row) => ({
    row,
    stage: row.dataset.stage,
    version: row.dataset.version,
    begin: Date.parse(row.dataset.begin),
    end: row.dataset.end ? Date.parse(row.dataset.end) : Infinity,
  }));
  let shown = "";
  const stages = [...new Set([...place.querySelectorAll(".lane-name .stage")].map((word) => word.textContent))];
  const changes = [...new Set(stays.flatMap((stay) => [stay.begin, stay.end]).filter(Number.isFinite))].sort((a, b) => a - b);

  const dated = (time) => new Date(time).toISOString().slice(0, 10);
  const today = () => dated(Date.now());
  /** A day as text, or a moment of one. */
  const said = (time) => (young ? new Date(time).toISOString().slice(0, 19) + "Z" : dated(time));
  const endOf = (text) => Date.parse(text.length === 10 ? text + "T23:59:59.999Z" : text);

  function standing(stage, moment) {
    return stays.filter((stay) => stay.stage === stage && stay.begin <= moment && moment < stay.end);
  }

  /** What came or went in the course of a day, besides what stood there in the end. */
  function during(stage, moment) {
    return stays.filter((stay) => stay.stage === stage && stay.end <= moment && stay.end >= Date.parse(dated(moment)))
      .sort((a, b) => a.end - b.end);
  }

  const copied = (stay, number) => [...stay.row.cells[number].childNodes].map((node) => node.cloneNode(true));

  function told(stay) {
    return h("div", { class: "stood" },
      h("p", { class: "big" }, h("a", { href: "#v" + stay.version }, "v" + stay.version)),
      h("p", {}, copied(stay, 4)),
      h("p", { class: "since" }, "since ", gitrack.absolute(stay.row.dataset.begin), ", ", copied(stay, 3)),
      h("p", { class: "made-of" }, copied(stay, 5)));
  }

  const command = (text) => h("div", { class: "command" }, h("code", {}, h("bdi", {}, text)),
    h("button", { type: "button", class: "copy", "data-copy": true, "aria-label": "Copy this command" }, "Copy"));

  function column(stage, moment) {
    const there = standing(stage, moment);
    const gone = during(stage, moment);
    return h("div", { class: "stood-in" }, h("h3", {}, h("bdi", {}, stage)),
      there.length ? there.map(told) : h("p", { class: "note" }, "No version stood here."),
      gone.length ? h("p", { class: "note" }, "Earlier on this day: ", gone.map((stay) => "v" + stay.version).join(", ") + ".") : null);
  }

  function show(text, { keep }) {
    const moment = endOf(text);
    if (!Number.isFinite(moment)) return;
    shown = text;
    day.value = text.slice(0, 10);
    const now = text.length === 10 && text >= today();
    const where = now ? 1 : Math.min(1, Math.max(0, (moment - first) / (last - first)));
    slider.value = String(Math.round(where * steps));
    slider.setAttribute("aria-valuetext", text);
    cursor.style.left = where * 100 + "%";
    const differs = standing("production", moment).map((stay) => stay.version).join() !== standing("production", Date.now()).map((stay) => stay.version).join();
    answer.replaceChildren(
      h("p", { class: "eyebrow" }, now ? "Now" : text.length > 10 ? "On " + text.slice(0, 10) + " at " + text.slice(11, 19) + " (UTC)" : "At the end of " + text + " (UTC)"),
      h("div", { class: "stood-ins" }, stages.map((stage) => column(stage, moment))),
      now ? "" : h("div", { class: "commands" },
        command(place.dataset.show + " --stage production --at " + text),
        differs && standing("production", moment).length ? command(place.dataset.back + " --to-date " + text + " --why '…'") : null));
    if (keep) history.replaceState(null, "", now ? location.pathname + location.search : "#on=" + text);
  }

  /** To the change before or after what is shown. */
  function step(by) {
    const stops = [...new Set(changes.map(said))];
    const at = young ? endOf(shown) : endOf(day.value);
    const next = by > 0 ? stops.find((one) => endOf(one) > at) : stops.filter((one) => endOf(one) < at).pop();
    show(next || (by > 0 ? today() : stops[0]), { keep: true });
  }

  /** As the slider asks: its end is now, whatever day that is. */
  function slide(moment) {
    show(moment >= last ? today() : said(Math.min(Math.max(moment, first), Date.now())), { keep: true });
  }

  slider.addEventListener("input", () => slide(first + (Number(slider.value) / steps) * (last - first)));
  /* The place of a day is its end: a step of the slider alone would lead back to where it was. */
  slider.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    slide(Math.min(endOf(shown), last) + by * unit);
  });
  day.addEventListener("change", () => { if (day.value) show(day.value, { keep: true }); });
  for (const button of place.querySelectorAll("[data-step]")) button.addEventListener("click", () => step(Number(button.dataset.step)));
  place.querySelector("[data-now]").addEventListener("click", () => show(today(), { keep: true }));

  function fromAddress() {
    const asked = /^#on=(\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?)$/.exec(location.hash);
    if (asked && Number.isFinite(endOf(asked[1]))) {
      show(asked[1], { keep: false });
      place.scrollIntoView({ block: "nearest" });
    }
    return Boolean(asked);
  }
  window.addEventListener("hashchange", fromAddress);
  day.max = today();
  if (!fromAddress()) show(today(), { keep: false });
})();
