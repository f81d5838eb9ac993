"""How the bundle's page looks: like the site, light or dark as the reader's system is."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ground:#fbfbf9;--paper:#fff;--sunk:#f4f4f1;--ink:#1a1c1f;
--ink-2:#4c5057;--ink-3:#676b73;--line:#e7e6e1;--line-2:#d2d0c9;--accent:#0b5fc0;--good:#0b6e3f;
--good-soft:#e4f4ea;--bad:#b3261e;--bad-soft:#fcebe9;--warn:#7d5200;--warn-soft:#fdf1d8;
--sans:ui-sans-serif,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{--ground:#101113;--paper:#16181b;--sunk:#1c1e22;
--ink:#e9e9e6;--ink-2:#b4b7bd;--ink-3:#91959d;--line:#26292e;--line-2:#3a3e45;--accent:#7db2ff;
--good:#5ccf92;--good-soft:#11301f;--bad:#ff8f85;--bad-soft:#3a1917;--warn:#ebbd5b;
--warn-soft:#33270c}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.5 var(--sans)}
main{max-width:1080px;margin:0 auto;padding:28px 24px 56px}
h1,h2,h3,p,ul,ol,dl,dd,pre{margin:0;padding:0}
h1{font-size:22px;line-height:1.25;font-weight:650;overflow-wrap:anywhere}
h2{font-size:15px;font-weight:650;margin-bottom:8px}
h3{font-size:14px;font-weight:600;overflow-wrap:anywhere}
a{color:var(--accent)}
section{margin-top:34px}
code,pre{font-family:var(--mono);font-size:.9em}
code{overflow-wrap:anywhere}
pre{margin-top:6px;padding:8px 12px;background:var(--sunk);border-radius:8px;white-space:pre-wrap;
overflow-wrap:anywhere}
.verdict{display:inline-block;margin:10px 0 14px;padding:4px 12px;border-radius:8px;font-weight:600}
.good{background:var(--good-soft);color:var(--good)}
.warn{background:var(--warn-soft);color:var(--warn)}
.bad{background:var(--bad-soft);color:var(--bad)}
.aside,.note{color:var(--ink-3);font-weight:400}
.note{font-size:13px;overflow-wrap:anywhere}
dl{display:flex;flex-wrap:wrap;gap:4px 26px}
dl div{display:flex;gap:8px;min-width:0}
dt{color:var(--ink-3);white-space:nowrap}
dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
dl.pairs{display:block;margin:8px 0}
dl.pairs div{border-bottom:1px solid var(--line);padding:3px 0}
dl.pairs div:last-child{border-bottom:0}
dl.pairs dt{width:150px;flex:none}
article{border:1px solid var(--line);border-radius:10px;background:var(--paper);padding:14px 18px;
margin-top:12px;break-inside:avoid}
article p{overflow-wrap:anywhere}
.findings{list-style:none;display:grid;gap:10px;margin-top:10px}
.findings li{border:1px solid var(--line);border-left:3px solid var(--line-2);border-radius:8px;
background:var(--paper);padding:10px 14px;break-inside:avoid}
.findings p{overflow-wrap:anywhere}
.findings.tampering li{border-left-color:var(--bad)}
.findings.suspicious li{border-left-color:var(--warn)}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;margin-top:8px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px;text-align:left;vertical-align:top;font-weight:400;overflow-wrap:anywhere}
thead th{font-size:12px;white-space:nowrap;overflow-wrap:normal;color:var(--ink-3);
border-bottom:1px solid var(--line)}
tbody tr+tr>*{border-top:1px solid var(--line)}
.passed{color:var(--good)}.failed{color:var(--bad);font-weight:600}.waiting{color:var(--warn)}
.word{font-size:12px;background:var(--sunk);border-radius:5px;padding:1px 7px;color:var(--ink-2)}
.files{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px}
summary{cursor:pointer;margin-top:8px}
@media print{:root{--ground:#fff;--paper:#fff;--sunk:#f4f4f1;--ink:#000;--ink-2:#333;--ink-3:#555;
--line:#ccc;--line-2:#999;--accent:#000}main{max-width:none;padding:0}details{display:block}
.scroll{overflow:visible}}
""".strip()
