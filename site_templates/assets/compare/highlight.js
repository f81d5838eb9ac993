/* Words, texts, numbers and remarks of code, told apart by a few rules for each family of languages.
   A whole file is read at once, since a text may go over several lines; where the rules do not suit,
   colours are off by some, and the text is the same. */
(function () {
  "use strict";
  const LONGEST = 300000;

  const TEXT = String.raw`"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?`;
  const NUMBER = String.raw`\b(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][-+]?\d+)?)\b`;
  const words = (list) => String.raw`\b(?:${list.trim().split(/\s+/).join("|")})\b`;
  const PYTHON = words("False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield");
  const C_LIKE = words("abstract async await bool break case catch char class const continue default delete do double else enum export extends final float for from function if impl import in instanceof int interface let long match mod mut namespace new null package private protected pub public return self short static struct super switch template this throw trait true false try type typedef typeof undefined union unsafe unsigned use using var virtual void while yield fn func go defer");
  const SHELL = words("if then else elif fi for while until do done case esac in function return export local set");
  const DATA = words("true false null yes no on off");

  const rules = (remark, text, word) => new RegExp(`(${remark})|(${text})|(${NUMBER})|(${word})`, "g");
  const LANGUAGES = [
    [/\.(?:py|pyi|pyx)$|(?:^|\/)(?:SConstruct|wscript)$/, rules("#[^\\n]*", String.raw`[rbuRBUfF]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$))|[rbuRBUfF]{0,2}(?:${TEXT})`, PYTHON)],
    [/\.(?:js|mjs|ts|tsx|jsx|c|h|cc|cpp|hpp|cu|java|go|rs|scala|kt|swift|cs|css)$/, rules(String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`, TEXT + "|`(?:\\\\.|[^`\\\\])*`?", C_LIKE)],
    [/\.(?:sh|bash|zsh|mk)$|(?:^|\/)(?:Makefile|Dockerfile)$/, rules(String.raw`(?<![\w$])#[^\n]*`, TEXT, SHELL)],
    [/\.(?:ya?ml|toml|cfg|ini|json|jsonl)$|(?:^|\/)(?:dvc\.lock|Pipfile)$/, rules(String.raw`(?<![^\s])#[^\n]*`, TEXT, DATA)],
    [/\.(?:r|R|jl)$/, rules("#[^\\n]*", TEXT, words("function if else for while in repeat break next return TRUE FALSE NULL NA true false nothing end using module struct"))],
    [/\.sql$/i, rules(String.raw`--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`, TEXT, words("select from where group by order having join left right inner outer on as and or not null insert into values update set delete create table view with union all case when then else end limit distinct SELECT FROM WHERE GROUP BY ORDER HAVING JOIN LEFT RIGHT INNER OUTER ON AS AND OR NOT NULL INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE VIEW WITH UNION ALL CASE WHEN THEN ELSE END LIMIT DISTINCT"))],
  ];
  const KINDS = ["c", "s", "n", "k"];

  /** For each line of a text its pieces: [[kind | null, text], …]; null for what nobody can read. */
  function highlight(path, text) {
    const found = LANGUAGES.find(([names]) => names.test(path));
    if (!found || !text || text.length > LONGEST) return null;
    const lines = [[]];
    const put = (kind, piece) => piece.split("\n").forEach((part, i) => {
      if (i) lines.push([]);
      if (part) lines[lines.length - 1].push([kind, part]);
    });
    let last = 0;
    for (const match of text.matchAll(found[1])) {
      if (!match[0]) continue;
      if (match.index > last) put(null, text.slice(last, match.index));
      put(KINDS[match.slice(1).findIndex((one) => one !== undefined)], match[0]);
      last = match.index + match[0].length;
    }
    put(null, text.slice(last));
    return lines;
  }

  /** The pieces of a line as elements; from `start` to `end` they are marked. */
  function pieces(line, marked) {
    const { h } = gitrack;
    const [start, end] = marked || [0, 0];
    const parts = [[], [], []];
    let at = 0;
    for (const [kind, text] of line) {
      const cuts = [0, Math.min(text.length, Math.max(0, start - at)), Math.min(text.length, Math.max(0, end - at)), text.length];
      parts.forEach((part, i) => {
        const piece = text.slice(cuts[i], Math.max(cuts[i], cuts[i + 1]));
        if (piece) part.push(kind ? h("span", { class: "tok-" + kind }, piece) : piece);
      });
      at += text.length;
    }
    return [...parts[0], ...(parts[1].length ? [h("mark", {}, ...parts[1])] : []), ...parts[2]];
  }

  Object.assign(gitrack.compare, { highlight, pieces });
})();
