/* The filter language: dates, durations and moments relative to now. */
(function () {
  "use strict";
  const filter = gitrack.filter;

  const AMOUNT = "[0-9]+(?:\\.[0-9]+)?(?:ms|s|m|h|d|w)";
  const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
  const DURATION = "(?:" + AMOUNT + ")+";
  const NOW = "now(?:" + SPACE + "*[+-]" + SPACE + "*" + AMOUNT + ")?";
  const DATE = "[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?)?";
  const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
  const DAY = 86400000;

  const isDuration = new RegExp("^" + DURATION + "$", "iu");
  const isNow = new RegExp("^" + NOW + "$", "iu");
  const isDate = new RegExp("^" + DATE + "$", "u");
  const spaces = new RegExp(SPACE, "gu");

  /** `1h30m` in seconds; null for what is not a duration. */
  function seconds(text) {
    if (!isDuration.test(text)) return null;
    let total = 0;
    for (const [, amount, unit] of text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)/giu)) total += Number(amount) * SECONDS[unit.toLowerCase()];
    return total;
  }

  /** `now-7d` as seconds from now (negative: before); null for what is not written so. */
  function fromNow(text) {
    if (!isNow.test(text)) return null;
    const shift = text.slice(3).replace(spaces, "");
    if (!shift) return 0;
    const amount = seconds(shift.slice(1)) || 0;
    return shift[0] === "-" ? -amount : amount;
  }

  /** Midnight of a day in milliseconds since 1970; null for a day that no calendar has. */
  function day(year, month, date) {
    const when = new Date(0);
    when.setUTCFullYear(year, month - 1, date);
    const real = year >= 1 && when.getUTCMonth() === month - 1 && when.getUTCDate() === date;
    return real ? when.getTime() : null;
  }

  const TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;
  const known = new Map();

  /** A recorded time in milliseconds since 1970 UTC; null for what is no time. */
  function moment(text) {
    let when = known.get(text);
    if (when === undefined) {
      if (known.size > 50000) known.clear();
      known.set(text, (when = read(text)));
    }
    return when;
  }

  function read(text) {
    const found = TIME.exec(text);
    if (!found) return null;
    const [year, month, date, hour, minute, second] = found.slice(1, 7).map((part) => Number(part || 0));
    const begin = day(year, month, date);
    if (begin === null || hour > 23 || minute > 59 || second > 59) return null;
    const zone = offset(found[8]);
    if (zone === null) return null;
    const thousandths = found[7] ? Number(found[7].slice(0, 3).padEnd(3, "0")) : 0;
    return begin + hour * 3600000 + minute * 60000 + second * 1000 + thousandths - zone;
  }

  function offset(zone) {
    if (!zone || zone === "Z") return 0;
    const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(":", "") || 0);
    if (minutes >= 1440) return null;
    return (zone[0] === "-" ? -minutes : minutes) * 60000;
  }

  /** What a date covers, `[since, until)` in milliseconds since 1970 UTC: `2026-01` is a month,
      `2026-01-05` a day, `2026-01-05 10:30` a minute. Null for what is not a real date. */
  function covered(text) {
    if (!isDate.test(text)) return null;
    if (text.length === 7) {
      const [year, month] = [Number(text.slice(0, 4)), Number(text.slice(5))];
      const since = day(year, month, 1);
      if (since === null || (year === 9999 && month === 12)) return null;
      return [since, month === 12 ? day(year + 1, 1, 1) : day(year, month + 1, 1)];
    }
    const since = moment(text);
    return since === null ? null : [since, since + grain(text)];
  }

  /** Milliseconds that the last written unit covers. */
  function grain(text) {
    if (text.length === 10) return DAY;
    const clock = text.slice(11);
    if (clock.includes(".")) return 1;
    return clock[5] === ":" ? 1000 : 60000;
  }

  Object.assign(filter, { SPACE, DURATION, NOW, DATE, seconds, fromNow, covered, moment });
})();
