/* Two texts line by line: the shortest way from one to the other, after E. W. Myers, "An O(ND)
   Difference Algorithm and Its Variations" (1986). Where they differ too much, all of one goes and
   all of the other comes. */
(function () {
  "use strict";
  const MOST = 1500;
  const AROUND = 3;

  const split = (text) => {
    const lines = text.split("\n");
    if (lines[lines.length - 1] === "") lines.pop();
    return lines;
  };

  /** [[kind, line, old number | null, new number | null], …]; kind: "same", "removed", "added". */
  function difference(before, after) {
    const [old, fresh] = [split(before), split(after)];
    let start = 0;
    while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
    let end = 0;
    while (end < old.length - start && end < fresh.length - start && old[old.length - 1 - end] === fresh[fresh.length - 1 - end]) end += 1;
    const middle = shortest(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end));
    const steps = [...Array(start).fill("same"), ...middle, ...Array(end).fill("same")];
    let [a, b] = [0, 0];
    return steps.map((kind) => {
      if (kind === "removed") return [kind, old[a++], a, null];
      if (kind === "added") return [kind, fresh[b++], null, b];
      return [kind, old[a++], a, ++b];
    });
  }

  function shortest(old, fresh) {
    const [n, m] = [old.length, fresh.length];
    const whole = () => [...Array(n).fill("removed"), ...Array(m).fill("added")];
    if (!n || !m) return whole();
    const most = Math.min(n + m, MOST);
    const shift = most + 1;
    const furthest = new Int32Array(2 * most + 3);
    const kept = [];
    for (let cost = 0; cost <= most; cost += 1) {
      kept.push(furthest.slice(shift - cost - 1, shift + cost + 2));
      for (let k = -cost; k <= cost; k += 2) {
        let x = k === -cost || (k !== cost && furthest[shift + k - 1] < furthest[shift + k + 1]) ? furthest[shift + k + 1] : furthest[shift + k - 1] + 1;
        while (x < n && x - k < m && old[x] === fresh[x - k]) x += 1;
        furthest[shift + k] = x;
        if (x >= n && x - k >= m) return back(kept, n, m, cost);
      }
    }
    return whole();
  }

  /** The way found, from its end to its beginning. */
  function back(kept, n, m, cost) {
    const steps = [];
    let [x, y] = [n, m];
    for (let at = cost; at >= 0; at -= 1) {
      const before = kept[at];
      const k = x - y;
      const place = (d) => before[d + at + 1];
      const up = k === -at || (k !== at && place(k - 1) < place(k + 1));
      const from = at === 0 ? 0 : up ? k + 1 : k - 1;
      const fromX = at === 0 ? 0 : place(from);
      const fromY = at === 0 ? 0 : fromX - from;
      while (x > fromX && y > fromY && (at === 0 || x > (up ? fromX : fromX + 1) || y > (up ? fromY + 1 : fromY))) { steps.push("same"); x -= 1; y -= 1; }
      if (at > 0) { steps.push(up ? "added" : "removed"); [x, y] = [fromX, fromY]; }
    }
    return steps.reverse();
  }

  /** Only what differs, with some lines around it; a gap becomes ["hunk", words, null, null]. */
  function hunks(lines) {
    const near = new Uint8Array(lines.length);
    lines.forEach(([kind], i) => {
      if (kind === "same") return;
      for (let j = Math.max(0, i - AROUND); j <= Math.min(lines.length - 1, i + AROUND); j += 1) near[j] = 1;
    });
    const kept = [];
    let gap = 0;
    lines.forEach((line, i) => {
      if (!near[i]) { gap += 1; return; }
      if (gap) kept.push(["hunk", gap === 1 ? "1 line is the same" : gap + " lines are the same", null, null]);
      gap = 0;
      kept.push(line);
    });
    if (gap && kept.length) kept.push(["hunk", gap === 1 ? "1 line is the same" : gap + " lines are the same", null, null]);
    return kept;
  }

  /** Where one line was rewritten: what stays at its beginning and its end. */
  function within(old, fresh) {
    let start = 0;
    while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
    let end = 0;
    while (end < old.length - start && end < fresh.length - start && old[old.length - 1 - end] === fresh[fresh.length - 1 - end]) end += 1;
    return start + end < Math.min(old.length, fresh.length) * 0.3 ? null : [start, end];
  }

  Object.assign(gitrack.compare, { difference, hunks, within });
})();
