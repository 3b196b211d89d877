// Small drawings in SVG: lines with bands, cells, channels.

import { distinct } from "./colors.js";
import { h, short } from "./dom.js";
import { extent, ticks } from "./scatter.js";

/** Lines over x: each `{label, color, x, y, low?, high?, thin?, opacity?}`; NaN is a gap. `cursor` is an x to mark. */
export function lines(series, { xLabel, yLabel, label, cursor = null, height = 260, width: wanted = 460 }) {
  const width = Math.min(wanted, Math.max(280, innerWidth - 40)); // narrow screens keep the size of the text
  const box = { left: 52, right: 26, top: 10, bottom: 40 };
  const all = series.flatMap(({ y, low, high }) => [y, low, high].filter(Boolean).flatMap((values) => Array.from(values).filter((value) => !Number.isNaN(value))));
  if (!all.length) return h("p", { class: "note" }, "No values.");
  const [x0, x1] = extent(series.flatMap(({ x }) => [x[0], x.at(-1)]));
  let [y0, y1] = extent(all);
  [y0, y1] = [y0 - (y1 - y0) * 0.04, y1 + (y1 - y0) * 0.04];
  const px = (x) => box.left + ((x - x0) / (x1 - x0)) * (width - box.left - box.right);
  const py = (y) => box.top + ((y1 - y) / (y1 - y0)) * (height - box.top - box.bottom);
  const root = h("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "chart" });
  root.style.maxWidth = `${1.15 * width}px`; // so that the text has the size of other text
  for (const value of ticks(y0, y1, 8)) {
    root.append(h("line", { class: "grid", x1: box.left, x2: width - box.right, y1: py(value), y2: py(value) }));
    root.append(h("text", { x: box.left - 5, y: py(value) + 4, "text-anchor": "end" }, short(value)));
  }
  for (const value of ticks(x0, x1, width / 80)) root.append(h("text", { x: px(value), y: height - 24, "text-anchor": "middle" }, short(value)));
  root.append(h("text", { x: (width + box.left) / 2, y: height - 7, "text-anchor": "middle" }, xLabel));
  root.append(h("text", { x: 0, y: 0, "text-anchor": "middle", transform: `translate(12 ${(height - 30) / 2}) rotate(-90)` }, yLabel));
  for (const { color, x, low, high } of series) {
    if (!low) continue;
    const there = Array.from(x.keys()).filter((at) => !Number.isNaN(low[at]) && !Number.isNaN(high[at]));
    const outline = [...there.map((at) => [x[at], high[at]]), ...there.reverse().map((at) => [x[at], low[at]])];
    root.append(h("polygon", { class: "band", fill: color, points: outline.map(([a, b]) => `${px(a).toFixed(1)},${py(b).toFixed(1)}`).join(" ") }));
  }
  for (const { color, x, y, thin, dash, opacity } of series) {
    let path = "";
    let alone = 0;
    for (let at = 0; at < y.length; at++) {
      if (Number.isNaN(y[at])) continue;
      const follows = at > 0 && !Number.isNaN(y[at - 1]);
      path += `${follows ? "L" : "M"}${px(x[at]).toFixed(1)} ${py(y[at]).toFixed(1)}`;
      if (!follows && (at + 1 === y.length || Number.isNaN(y[at + 1]))) {
        root.append(h("circle", { cx: px(x[at]), cy: py(y[at]), r: thin ? 1.8 : 3, fill: color, opacity }));
        alone++;
      }
    }
    if (path && alone < y.length) root.append(h("path", { d: path, fill: "none", stroke: color, "stroke-width": thin ? 0.8 : 2, "stroke-dasharray": dash, opacity }));
  }
  if (cursor !== null) root.append(h("line", { class: "cursor", x1: px(cursor), x2: px(cursor), y1: box.top, y2: height - box.bottom }));
  return root;
}

/** What the colors of lines mean. */
export function legend(entries) {
  return h("ul", { class: "legend" }, entries.map(([color, text]) => h("li", {}, swatch(color), text)));
}

export function swatch(color) {
  return h("svg", { viewBox: "0 0 10 10", class: "swatch", "aria-hidden": "true" }, h("rect", { width: 10, height: 10, rx: 2, fill: color }));
}

/** The cell or the channels of a row. */
export function drawing(space, row) {
  const own = Array.from(space.digits.subarray(row * space.width, (row + 1) * space.width));
  const text = space.text(row);
  return space.cells ? cell(space, own, text) : profile(space, own, text);
}

const SHORT = { none: "none", skip_connect: "skip", nor_conv_1x1: "conv 1×1", nor_conv_3x3: "conv 3×3", avg_pool_3x3: "avg pool 3×3" };
const NODES = [[36, 118], [180, 118], [324, 118], [468, 118]];
// edges by place: 0→1, 0→2, 1→2, 0→3, 1→3, 2→3; the bend is upwards, in pixels
const EDGES = [[0, 1, 0], [0, 2, 74], [1, 2, 0], [0, 3, -150], [1, 3, 140], [2, 3, 0]];

function cell(space, digits, text) {
  const root = h("svg", { viewBox: "0 0 504 212", role: "img", "aria-label": text, class: "cell" });
  const colors = distinct();
  const labels = [];
  EDGES.forEach(([from, to, bend], place) => {
    const name = space.about.choices[digits[place]];
    const [[ax, ay], [bx, by]] = [NODES[from], NODES[to]];
    const [mx, my] = [(ax + bx) / 2, ay - bend];
    const none = name === "none";
    const color = none ? "currentColor" : colors[digits[place] - 1];
    // the path ends at the edges of the circles, along the line to the point that it bends towards
    const [tx, ty] = [bx - mx, by - my];
    const far = Math.hypot(tx, ty);
    const [ex, ey] = [bx - (tx / far) * 20, by - (ty / far) * 20];
    const [sx, sy] = [ax + (tx / far) * 18, ay - (ty / far) * 18];
    const along = Math.atan2(ey - my, ex - mx);
    const wing = (turn) => `${ex - 9 * Math.cos(along + turn)},${ey - 9 * Math.sin(along + turn)}`;
    root.append(h("path", { d: `M${sx} ${sy} Q${mx} ${my} ${ex} ${ey}`, fill: "none", stroke: color, "stroke-width": none ? 1 : 2.2, "stroke-dasharray": none ? "3 4" : null, opacity: none ? 0.6 : 1 }));
    if (!none) root.append(h("polygon", { points: `${ex},${ey} ${wing(0.4)} ${wing(-0.4)}`, fill: color }));
    const [lx, ly] = [mx, ay - bend / 2];
    const label = SHORT[name] ?? name;
    const wide = label.length * 6.6 + 8;
    labels.push(h("rect", { class: "plate", x: lx - wide / 2, y: ly - 9, width: wide, height: 17, rx: 3 }));
    labels.push(h("text", { x: lx, y: ly + 4, "text-anchor": "middle" }, label));
  });
  root.append(...labels);
  NODES.forEach(([x, y], node) => {
    root.append(h("circle", { class: "node", cx: x, cy: y, r: 16 }));
    root.append(h("text", { x, y: y + 4, "text-anchor": "middle" }, ["in", "1", "2", "out"][node]));
  });
  return root;
}

function profile(space, digits, text) {
  const root = h("svg", { viewBox: "0 0 320 170", role: "img", "aria-label": text, class: "profile" });
  const most = Math.max(...space.about.choices);
  digits.forEach((digit, layer) => {
    const channels = space.about.choices[digit];
    const tall = (channels / most) * 115;
    root.append(h("rect", { class: "bar", x: 14 + 60 * layer, y: 135 - tall, width: 44, height: tall, rx: 2 }));
    root.append(h("text", { x: 36 + 60 * layer, y: 130 - tall, "text-anchor": "middle" }, String(channels)));
    root.append(h("text", { x: 36 + 60 * layer, y: 152, "text-anchor": "middle" }, `layer ${layer + 1}`));
  });
  return root;
}
