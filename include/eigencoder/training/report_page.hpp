// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

// What every report holds besides its content: how it looks, and the script that draws its curves. No word of it comes from
// elsewhere, so that a report can be read without a network, from a file, and in years.
namespace eigencoder::detail {

inline constexpr std::string_view report_style = R"css(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1c2430;--soft:#5d6878;--line:#e1e5eb;--warn:#fff6e0;--warn-line:#e8b53f;
--s0:#2563c9;--s1:#d9660a;--s2:#0f8a6d;--s3:#8a3fc0;--s4:#c92a4b;--s5:#6b7a10;--s6:#0c7fa3;--s7:#8a5a3c}
@media(prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2029;--ink:#e3e8ef;--soft:#98a4b5;--line:#2c3542;--warn:#33290f;--warn-line:#a8822a;
--s0:#6ea3f5;--s1:#f59b4c;--s2:#46c9a5;--s3:#c08cf0;--s4:#f27a92;--s5:#b9c74f;--s6:#54c2e3;--s7:#d3a07e}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:26px;line-height:1.25;margin:0 0 20px;overflow-wrap:anywhere}
h2{font-size:17px;margin:36px 0 12px}
p{margin:0 0 12px;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.warn{background:var(--warn);border:1px solid var(--warn-line);border-radius:10px;padding:10px 14px;margin:0 0 12px;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0}
.tiles dt{color:var(--soft);font-size:13px}
.tiles dd{margin:2px 0 0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
.pairs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:0 16px}
.scroll{overflow-x:auto;max-height:440px;padding:6px 16px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:5px 10px;text-align:right;border-top:1px solid var(--line);white-space:nowrap}
tr:first-child>*{border-top:0}
th{color:var(--soft);font-weight:500;vertical-align:bottom}
.runs th{white-space:normal}
tr>:first-child{padding-left:0}
tr>:last-child{padding-right:0}
td:first-child,th:first-child{text-align:left}
.names td{white-space:normal;overflow-wrap:anywhere}
.names td:first-child{color:var(--soft)}
pre{margin:0;overflow-x:auto;font:13px/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
figure{margin:0 0 16px}
figure img{max-width:100%;height:auto;display:block;border-radius:6px}
figcaption{color:var(--soft);margin-top:8px;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft)}
details>.scroll{margin-top:8px}
footer{color:var(--soft);font-size:13px;margin-top:40px}
#curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:16px}
.plot{position:relative;min-width:0;padding:12px 14px 8px}
.plot:first-child{grid-column:1/-1}
.head{display:flex;align-items:center;gap:8px}
.keys{display:flex;flex-wrap:wrap;gap:2px 8px;margin:0 0 4px -6px}
.head b{margin-right:auto;font-weight:600;overflow-wrap:anywhere}
.plot button{font:inherit;font-size:13px;color:var(--soft);background:none;border:1px solid transparent;border-radius:6px;padding:1px 6px;cursor:pointer}
.plot button:hover{border-color:var(--soft)}
.plot .head button{border-color:var(--line)}
.plot .head button[aria-pressed=true]{background:var(--soft);color:var(--card)}
.plot button.key[aria-pressed=false]{opacity:.4;text-decoration:line-through}
.plot button:disabled{opacity:.35;cursor:default}
.key svg{vertical-align:middle;margin-right:6px}
.plot>svg{display:block;width:100%;touch-action:pan-y;cursor:crosshair;border-radius:4px}
.plot text{text-anchor:middle;fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.plot .y{text-anchor:end}
.dash{stroke-dasharray:6 4}
.cursor{stroke:var(--soft);stroke-dasharray:2 3}
.chosen{fill:var(--soft);opacity:.2}
.grid{stroke:var(--line)}
.curve{fill:none;stroke-width:2;stroke-linejoin:round}
.tip{position:absolute;pointer-events:none;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:6px 10px;font-size:13px;
box-shadow:0 3px 12px #0003;font-variant-numeric:tabular-nums;white-space:nowrap;z-index:1}
.tip b{font-weight:600}
.tip i{display:inline-block;width:9px;height:9px;border-radius:50%;margin-right:7px}
.hint{color:var(--soft);font-size:13px;margin:10px 0 0}
@media print{body{background:none}.scroll{max-height:none}.hint{display:none}}
)css";

inline constexpr std::string_view report_script = R"js(
'use strict';
(() => {
const figures = JSON.parse(document.getElementById('data').textContent), place = document.getElementById('curves');
const make = (name, ...rest) => put(document.createElementNS('http://www.w3.org/2000/svg', name), ...rest);
const html = (name, ...rest) => put(document.createElement(name), ...rest);
function put(e, attributes, parent, text) {
  for (const a in attributes) e.setAttribute(a, attributes[a]);
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
}
const colour = curve => `var(--s${curve.colour % 8})`;
const digits = (v, n, compact) => {
  if (typeof v !== 'number') return v;
  const a = Math.abs(v);
  if (compact && a >= 1e4 && a < 1e15) return v.toLocaleString('en', {notation: 'compact', maximumSignificantDigits: n});
  return a && (a < 1e-4 || a >= 1e7) ? v.toExponential(Math.max(n - 1, 0)).replace(/\.?0*e/, 'e').replace('e+', 'e') : String(+v.toPrecision(n));
};
const all = [Infinity, -Infinity];
for (const f of figures) for (const x of f.x) { all[0] = Math.min(all[0], x); all[1] = Math.max(all[1], x); }
if (all[0] === all[1]) { all[0] -= 1; all[1] += 1; }
let span = all, cursor = null;
const zoomed = () => span[0] > all[0] || span[1] < all[1];
function zoom(from, to) {
  from = Math.max(from, all[0]); to = Math.min(to, all[1]);
  if (to - from < 2) { const m = (from + to) / 2; from = Math.max(all[0], m - 1); to = Math.min(all[1], m + 1); }
  span = [from, to];
  redraw();
}
const redraw = () => plots.forEach(p => p.draw());
function steps(from, to, count) {
  const raw = (to - from) / count, power = 10 ** Math.floor(Math.log10(raw)), step = power * [1, 2, 5, 10].find(m => m * power >= raw * .999), at = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) at.push(i * step);
  return at;
}
function logSteps(from, to) {
  const low = Math.floor(from), high = Math.ceil(to), at = [];
  if (to - from < 1) return steps(10 ** from, 10 ** to, 4).filter(v => v > 0);
  const every = Math.ceil((high - low) / 6);
  for (let e = low; e <= high; e += every) for (const m of high - low < 3 ? [1, 2, 5] : [1]) at.push(m * 10 ** e);
  return at.filter(v => Math.log10(v) >= from - 1e-9 && Math.log10(v) <= to + 1e-9);
}
const plots = figures.map((f, number) => {
  const box = html('div', {class: 'card plot'}, place), head = html('div', {class: 'head'}, box);
  html('b', {}, head, f.title);
  const keys = html('div', {class: 'keys'}, box);
  const runs = new Set(f.curves.map(c => c.run)).size;
  let log = false, shown, x, dots = [], drag = null;
  f.curves.forEach((c, i) => {
    c.colour = runs > 1 ? c.run : i;
    c.style = 'curve' + (c.dash && runs > 1 ? ' dash' : '');
    if (f.curves.length < 2) return;
    const key = html('button', {class: 'key', 'aria-pressed': true}, keys);
    const s = make('svg', {width: 22, height: 8}, key);
    make('path', {class: c.style, d: 'M0 4h22', style: 'stroke:' + colour(c)}, s);
    key.append(c.name);
    key.onclick = () => { c.hidden = !c.hidden; key.setAttribute('aria-pressed', !c.hidden); draw(); };
  });
  const reset = html('button', {class: 'reset', hidden: ''}, head, 'reset zoom');
  reset.onclick = () => zoom(...all);
  const logButton = html('button', {class: 'log', 'aria-pressed': false}, head, 'log');
  logButton.disabled = !f.curves.some(c => c.y.some(v => v > 0));
  logButton.onclick = () => { log = !log; logButton.setAttribute('aria-pressed', log); draw(); };
  const height = number ? 210 : 320;
  const svg = make('svg', {height, tabindex: 0, role: 'img', 'aria-label': f.title + ' by epoch'}, box);
  const tip = html('div', {class: 'tip', hidden: ''}, box);
  const clip = 'clip' + number;
  let over;

  function draw() {
    const width = Math.max(svg.clientWidth, 120), left = 62, right = width - 12, top = 10, bottom = height - 26;
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.replaceChildren();
    reset.hidden = !zoomed();
    tip.hidden = true;
    const usable = v => typeof v === 'number' && (!log || v > 0), scale = v => log ? Math.log10(v) : v;
    shown = f.curves.filter(c => !c.hidden);
    let low = Infinity, high = -Infinity;
    for (const c of shown) c.y.forEach((v, i) => {
      if (!usable(v) || f.x[i] < span[0] || f.x[i] > span[1]) return;
      low = Math.min(low, scale(v)); high = Math.max(high, scale(v));
    });
    const empty = low > high;
    if (empty) { low = log ? -1 : 0; high = 1; }
    const room = (high - low) * .05 || Math.abs(high) * .05 || 1;
    low = !log && low >= 0 && low < room ? Math.min(low, 0) : low - room; high += room;
    x = {at: v => left + (v - span[0]) / (span[1] - span[0]) * (right - left), back: p => span[0] + (p - left) / (right - left) * (span[1] - span[0])};
    const y = v => bottom - (scale(v) - low) / (high - low) * (bottom - top);
    for (const v of log ? logSteps(low, high) : steps(low, high, height / 42)) {
      make('line', {class: 'grid', x1: left, x2: right, y1: y(v), y2: y(v)}, svg);
      make('text', {x: left - 8, y: y(v) + 4, class: 'y'}, svg, digits(v, 4, true));
    }
    for (const v of steps(...span, width / 90).filter(Number.isInteger)) make('text', {x: Math.min(x.at(v), width - 4 * String(v).length - 2), y: bottom + 18}, svg, v);
    make('rect', {x: left - 7, y: top - 6, width: right - left + 14, height: bottom - top + 8}, make('clipPath', {id: clip}, svg));
    const area = make('g', {'clip-path': `url(#${clip})`}, svg);
    for (const c of shown) {
      let path = '', lone = '', run = 0;
      c.y.forEach((v, i) => {
        const px = x.at(f.x[i]).toFixed(1);
        if (usable(v)) {
          path += (run++ ? 'L' : 'M') + px + ' ' + y(v).toFixed(1);
          if (run === 1 && !usable(next(c, i))) lone += `M${px} ${y(v).toFixed(1)}h.01`;
        } else if (v !== null) {
          run = 0;
          if (typeof v === 'string') make('text', {x: px, y: top + 4, style: 'fill:' + colour(c), class: 'odd'}, area, '×');
        }
      });
      const style = 'stroke:' + colour(c);
      make('path', {class: c.style, d: path, style}, area);
      if (lone) make('path', {class: 'curve', d: lone, style: style + ';stroke-width:7;stroke-linecap:round'}, area);
      const best = c.best ? f.x.indexOf(c.best) : -1;
      if (best >= 0 && usable(c.y[best])) {
        const mark = make('circle', {cx: x.at(c.best), cy: y(c.y[best]), r: 5, style: style + ';fill:var(--card);stroke-width:2'}, area);
        make('title', {}, mark, 'best epoch');
      }
    }
    if (empty) make('text', {x: (left + right) / 2, y: (top + bottom) / 2}, svg, 'nothing to draw here');
    over = make('g', {}, svg);
    over.y = v => usable(v) ? y(v) : null;
    over.frame = {left, right, top, bottom, width};
  }
  const next = (c, i) => { while (++i < c.y.length) if (c.y[i] !== null) return c.y[i]; };
  const pointer = e => { const r = svg.getBoundingClientRect(); return (e.clientX - r.left) * over.frame.width / r.width; };

  function hover(position) {
    over.replaceChildren();
    const wanted = x.back(position);
    let at = -1;
    f.x.forEach((v, i) => {
      if (v >= span[0] && v <= span[1] && shown.some(c => c.y[i] !== null) && (at < 0 || Math.abs(v - wanted) < Math.abs(f.x[at] - wanted))) at = i;
    });
    tip.hidden = at < 0;
    if (at < 0) return;
    cursor = at;
    const px = x.at(f.x[at]), {top, bottom, width} = over.frame;
    make('line', {x1: px, x2: px, y1: top, y2: bottom, class: 'cursor'}, over);
    tip.replaceChildren();
    html('div', {}, tip, 'epoch ' + f.x[at]);
    for (const c of shown) {
      if (c.y[at] === null) continue;
      const py = over.y(c.y[at]), row = html('div', {}, tip);
      if (py !== null) make('circle', {cx: px, cy: py, r: 4, style: 'fill:' + colour(c)}, over);
      html('i', {style: 'background:' + colour(c)}, row);
      row.append(c.name ? c.name + ' ' : '');
      html('b', {}, row, digits(c.y[at], 5));
    }
    const inset = svg.getBoundingClientRect().left - box.getBoundingClientRect().left, scaled = px * svg.clientWidth / width + inset;
    tip.style.top = keys.offsetTop + keys.offsetHeight + 14 + 'px';
    tip.style.left = Math.max(4, px > width / 2 ? scaled - tip.offsetWidth - 14 : scaled + 14) + 'px';
  }
  const leave = () => { over.replaceChildren(); tip.hidden = true; };

  const on = (type, then) => svg.addEventListener(type, then, {passive: false});
  on('pointerdown', e => { if (e.button === 0) { drag = pointer(e); try { svg.setPointerCapture(e.pointerId); } catch {} } });
  on('pointermove', e => {
    const p = pointer(e);
    if (drag === null || Math.abs(p - drag) < 5) return hover(p);
    leave();
    const {top, bottom} = over.frame;
    make('rect', {x: Math.min(p, drag), width: Math.abs(p - drag), y: top, height: bottom - top, class: 'chosen'}, over);
  });
  on('pointerup', e => {
    const p = pointer(e), from = drag;
    drag = null;
    if (from !== null && Math.abs(p - from) >= 5) zoom(...[x.back(from), x.back(p)].sort((a, b) => a - b));
    else hover(p);
  });
  on('pointercancel', () => { drag = null; leave(); });
  on('pointerleave', () => { if (drag === null) leave(); });
  on('dblclick', () => zoom(...all));
  on('wheel', e => {
    if (!e.ctrlKey && document.activeElement !== svg || e.deltaY > 0 && !zoomed()) return;
    e.preventDefault();
    const middle = x.back(pointer(e)), factor = e.deltaY > 0 ? 1.25 : .8;
    zoom(middle - (middle - span[0]) * factor, middle + (span[1] - middle) * factor);
  });
  on('keydown', e => {
    const by = {ArrowLeft: -1, ArrowRight: 1}[e.key];
    if (by) hover(x.at(f.x[Math.min(Math.max((cursor ?? 0) + by, 0), f.x.length - 1)]));
    else if (e.key === 'Escape') zoom(...all);
    else return;
    e.preventDefault();
  });
  on('blur', leave);
  return {draw};
});
redraw();
let width = place.clientWidth;
addEventListener('resize', () => { if (place.clientWidth !== width) { width = place.clientWidth; redraw(); } });
document.getElementById('numbers').open = false;
})();
)js";

}  // namespace eigencoder::detail
