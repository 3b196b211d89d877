// A scatter of tens of thousands of points: WebGL for the points, a canvas below for the axes, one above for the rest.

import { h, short, themeColor } from "./dom.js";

const MARGIN = { left: 64, right: 14, top: 12, bottom: 46 };
const VERTEX = `#version 300 es
in vec2 place; in float color; in float shown;
uniform vec4 window; uniform float size; uniform float dim;
out float tone; out float alpha;
void main() {
  gl_Position = shown < 0.5 ? vec4(2.0, 2.0, 0.0, 1.0) : vec4((place - window.xy) / window.zw * 2.0 - 1.0, 0.0, 1.0);
  gl_PointSize = size; tone = color; alpha = shown > 1.5 ? 0.95 : dim;
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in float tone; in float alpha; uniform sampler2D palette; out vec4 result;
void main() {
  vec2 at = gl_PointCoord - 0.5;
  if (dot(at, at) > 0.25) discard;
  result = vec4(texture(palette, vec2(tone, 0.5)).rgb * alpha, alpha);
}`;

export class Scatter {
  /** `onRegion(region)`, `onOpen(row)` and `onZoom(range)` are called when the user did that. */
  constructor({ label, onRegion, onOpen, onZoom, describe }) {
    Object.assign(this, { onRegion, onOpen, onZoom, describe });
    this.mode = "zoom";
    this.front = [];
    this.marks = [];
    this.region = null;
    this.zoom = null;
    [this.under, this.points, this.over] = ["under", "points", "over"].map((name) => h("canvas", { class: name, "aria-hidden": "true" }));
    this.tip = h("div", { class: "tip", hidden: true });
    this.keys = h("div", { class: "keys", tabindex: "0", role: "application", "aria-label": `${label}. Arrow keys move, + and - zoom, 0 shows all, Escape clears the selection.` });
    this.element = h("div", { class: "scatter" }, this.under, this.points, this.over, this.keys, this.tip);
    this.gl = this.points.getContext("webgl2", { premultipliedAlpha: true, antialias: false });
    if (this.gl) this.prepare();
    else this.element.append(h("p", { class: "warning" }, "This browser has no WebGL 2, which the points need."));
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  prepare() {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`WebGL: ${gl.getProgramInfoLog(program)}`);
    gl.useProgram(program);
    this.at = Object.fromEntries(["window", "size", "dim"].map((name) => [name, gl.getUniformLocation(program, name)]));
    this.buffers = {};
    for (const [name, width] of [["place", 2], ["color", 1], ["shown", 1]]) {
      this.buffers[name] = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, width, name === "shown" ? gl.UNSIGNED_BYTE : gl.FLOAT, false, 0, 0);
    }
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  fill(name, values) {
    if (!this.gl) return;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[name]);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.DYNAMIC_DRAW);
  }

  /** Where the points are: two Float64Arrays; a point without a number is not drawn. */
  setPoints(x, y, xLabel, yLabel) {
    Object.assign(this, { x, y, xLabel, yLabel });
    this.extent = [...extent(x), ...extent(y)];
    const [x0, x1, y0, y1] = this.extent;
    const places = new Float32Array(2 * x.length); // of the whole extent, so that float32 is fine enough
    for (let row = 0; row < x.length; row++) {
      const there = !Number.isNaN(x[row]) && !Number.isNaN(y[row]);
      places[2 * row] = there ? (x[row] - x0) / (x1 - x0) : 1e6;
      places[2 * row + 1] = there ? (y[row] - y0) / (y1 - y0) : 1e6;
    }
    this.fill("place", places);
  }

  /** Colors by row as parts of a palette, a Float32Array of 0 to 1, and the palette: RGB bytes of 256 colors. */
  setColors(tones, palette) {
    this.fill("color", tones);
    const gl = this.gl;
    if (gl) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, palette);
  }

  /** By row: 0 hidden, 1 shown, 2 selected. */
  setShown(shown, selecting) {
    this.shown = shown;
    this.dim = selecting ? 0.15 : 0.75;
    this.fill("shown", shown);
  }

  range() {
    if (this.zoom) return this.zoom;
    const [x0, x1, y0, y1] = this.extent;
    const [mx, my] = [(x1 - x0) * 0.03, (y1 - y0) * 0.03];
    return [x0 - mx, x1 + mx, y0 - my, y1 + my];
  }

  draw() {
    if (!this.x) return;
    const ratio = window.devicePixelRatio || 1;
    this.width = this.element.clientWidth;
    this.height = this.element.clientHeight;
    if (!this.width || !this.height) return;
    this.inner = [this.width - MARGIN.left - MARGIN.right, this.height - MARGIN.top - MARGIN.bottom];
    if (this.inner[0] < 20 || this.inner[1] < 20) return;
    this.clear(this.over, ratio);
    const axes = JSON.stringify([ratio, this.width, this.height, this.range(), this.xLabel, this.yLabel, themeColor("ink")]);
    if (this.axes !== axes) { // filters and selections leave them as they are
      this.axes = axes;
      this.clear(this.under, ratio);
      this.drawAxes();
    }
    this.drawPoints(ratio);
    this.drawOver();
  }

  clear(canvas, ratio) {
    resize(canvas, this.width * ratio, this.height * ratio);
    const ink = canvas.getContext("2d");
    ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    ink.clearRect(0, 0, this.width, this.height);
  }

  drawPoints(ratio) {
    const gl = this.gl;
    if (!gl) return;
    const [w, height] = this.inner.map((one) => Math.round(one * ratio));
    resize(this.points, w, height);
    gl.viewport(0, 0, w, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const [x0, x1, y0, y1] = this.range();
    const [a0, a1, b0, b1] = this.extent;
    const [sx, sy] = [a1 - a0, b1 - b0];
    gl.uniform4f(this.at.window, (x0 - a0) / sx, (y0 - b0) / sy, (x1 - x0) / sx, (y1 - y0) / sy);
    const magnified = Math.sqrt((sx / (x1 - x0)) * (sy / (y1 - y0)));
    gl.uniform1f(this.at.size, ratio * Math.min(9, 3.2 * Math.max(1, Math.sqrt(magnified))));
    gl.uniform1f(this.at.dim, this.dim ?? 0.75);
    gl.drawArrays(gl.POINTS, 0, this.x.length);
  }

  /** Pixels of a point, and back. */
  toPixel(x, y) {
    const [x0, x1, y0, y1] = this.range();
    return [MARGIN.left + ((x - x0) / (x1 - x0)) * this.inner[0], MARGIN.top + ((y1 - y) / (y1 - y0)) * this.inner[1]];
  }

  fromPixel(px, py) {
    const [x0, x1, y0, y1] = this.range();
    return [x0 + ((px - MARGIN.left) / this.inner[0]) * (x1 - x0), y1 - ((py - MARGIN.top) / this.inner[1]) * (y1 - y0)];
  }

  drawAxes() {
    const ink = this.under.getContext("2d");
    const [x0, x1, y0, y1] = this.range();
    ink.font = "12px system-ui, sans-serif";
    ink.fillStyle = themeColor("ink");
    ink.strokeStyle = themeColor("grid");
    ink.textAlign = "center";
    for (const value of ticks(x0, x1, this.inner[0] / 90)) {
      const [px] = this.toPixel(value, y0);
      line(ink, px, MARGIN.top, px, MARGIN.top + this.inner[1]);
      ink.fillText(short(value), px, MARGIN.top + this.inner[1] + 16);
    }
    ink.textAlign = "right";
    for (const value of ticks(y0, y1, this.inner[1] / 50)) {
      const [, py] = this.toPixel(x0, value);
      line(ink, MARGIN.left, py, MARGIN.left + this.inner[0], py);
      ink.fillText(short(value), MARGIN.left - 6, py + 4);
    }
    ink.textAlign = "center";
    ink.fillText(this.xLabel, MARGIN.left + this.inner[0] / 2, this.height - 8, this.inner[0]);
    ink.save();
    ink.translate(13, MARGIN.top + this.inner[1] / 2);
    ink.rotate(-Math.PI / 2);
    ink.fillText(this.yLabel, 0, 0, this.inner[1]);
    ink.restore();
  }

  drawOver() {
    const ink = this.over.getContext("2d");
    ink.clearRect(0, 0, this.width, this.height);
    ink.save();
    ink.beginPath();
    ink.rect(MARGIN.left, MARGIN.top, ...this.inner);
    ink.clip();
    if (this.front.length) {
      ink.strokeStyle = ink.fillStyle = themeColor("front");
      ink.lineWidth = 1.6;
      ink.beginPath();
      for (const row of this.front) ink.lineTo(...this.toPixel(this.x[row], this.y[row]));
      ink.stroke();
      for (const row of this.front) dot(ink, ...this.toPixel(this.x[row], this.y[row]), 2.6);
    }
    const region = this.drawing ?? this.region;
    if (region) {
      const points = region.points.map((point) => this.toPixel(...point));
      ink.strokeStyle = themeColor("accent");
      ink.setLineDash([5, 3]);
      ink.lineWidth = 1.4;
      ink.beginPath();
      if (region.kind === "box") ink.rect(...points[0], points[1][0] - points[0][0], points[1][1] - points[0][1]);
      else points.forEach((point) => ink.lineTo(...point));
      if (!this.drawing) ink.closePath();
      ink.stroke();
      ink.setLineDash([]);
    }
    for (const { row, color, text } of this.marks) {
      if (Number.isNaN(this.x[row]) || Number.isNaN(this.y[row])) continue;
      const [px, py] = this.toPixel(this.x[row], this.y[row]);
      ink.lineWidth = 2;
      ink.strokeStyle = color ?? themeColor("ink");
      ink.fillStyle = themeColor("paper");
      ink.beginPath();
      ink.arc(px, py, 5, 0, 7);
      ink.fill();
      ink.stroke();
      if (!text) continue;
      ink.font = "bold 12px system-ui, sans-serif";
      ink.fillStyle = themeColor("ink");
      const [left, low] = [px > this.width - 80, py < MARGIN.top + 18];
      ink.textAlign = left ? "right" : "left";
      const place = [px + (left ? -9 : 9), py + (low ? 16 : -6)];
      ink.strokeStyle = themeColor("paper"); // around the text, which may stand on many points
      ink.lineWidth = 4;
      ink.lineJoin = "round";
      ink.strokeText(text, ...place);
      ink.fillText(text, ...place);
    }
    ink.restore();
  }

  /** The nearest shown row within some pixels, or -1. */
  nearest(px, py, within = 12) {
    const [x0, x1, y0, y1] = this.range();
    const [kx, ky] = [this.inner[0] / (x1 - x0), this.inner[1] / (y1 - y0)];
    const [cx, cy] = this.fromPixel(px, py);
    let [best, found] = [within * within, -1];
    for (let row = 0; row < this.x.length; row++) {
      if (this.shown && !this.shown[row]) continue;
      const dx = (this.x[row] - cx) * kx;
      const dy = (this.y[row] - cy) * ky;
      const far = dx * dx + dy * dy;
      if (far < best) [best, found] = [far, row];
    }
    return found;
  }

  setZoom(range) {
    this.zoom = range;
    this.draw();
    this.onZoom?.(range);
  }

  /** Zoom by a factor around a pixel, the middle by default. */
  scale(factor, px = MARGIN.left + this.inner[0] / 2, py = MARGIN.top + this.inner[1] / 2) {
    const [cx, cy] = this.fromPixel(px, py);
    const [x0, x1, y0, y1] = this.range();
    this.setZoom([cx - (cx - x0) * factor, cx + (x1 - cx) * factor, cy - (cy - y0) * factor, cy + (y1 - cy) * factor]);
  }

  /** Move by parts of what is shown. */
  move(right, up) {
    const [x0, x1, y0, y1] = this.range();
    const [dx, dy] = [(x1 - x0) * right, (y1 - y0) * up];
    this.setZoom([x0 + dx, x1 + dx, y0 + dy, y1 + dy]);
  }

  listen() {
    const target = this.keys;
    const pixel = (event) => {
      const box = target.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    let from = null;
    let pinch = null;
    const fingers = new Map();
    target.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.x) return;
      target.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, pixel(event));
      if (fingers.size > 1) { // two of them zoom, whatever one alone does
        from = this.drawing = null;
        pinch = fingers.size === 2 ? { range: this.range(), fingers: [...fingers.values()] } : null;
        return;
      }
      from = { at: pixel(event), range: this.range(), moved: false, mode: event.shiftKey ? "box" : this.mode, path: [pixel(event)] };
    });
    target.addEventListener("pointermove", (event) => {
      if (!this.x) return;
      const at = pixel(event);
      if (fingers.has(event.pointerId)) fingers.set(event.pointerId, at);
      if (pinch) {
        this.zoom = this.pinched(pinch, [...fingers.values()]);
        this.draw();
        return;
      }
      if (!from) return fingers.size || this.showTip(this.nearest(...at), at);
      this.tip.hidden = true;
      const [dx, dy] = [at[0] - from.at[0], at[1] - from.at[1]];
      if (!from.moved && dx * dx + dy * dy < 16) return;
      from.moved = true;
      if (from.mode === "zoom") {
        const [x0, x1, y0, y1] = from.range;
        const [mx, my] = [(dx / this.inner[0]) * (x1 - x0), (dy / this.inner[1]) * (y1 - y0)];
        this.zoom = [x0 - mx, x1 - mx, y0 + my, y1 + my];
        this.draw();
        return;
      }
      const last = from.path.at(-1);
      if (from.mode === "lasso" && (at[0] - last[0]) ** 2 + (at[1] - last[1]) ** 2 > 64) from.path.push(at);
      this.drawing = this.regionOf(from, at);
      this.drawOver();
    });
    const end = (event) => {
      fingers.delete(event.pointerId);
      if (pinch) {
        pinch = null;
        this.setZoom(this.zoom);
      }
      if (!from) return;
      const one = from;
      from = null;
      this.drawing = null;
      if (!one.moved) {
        const row = this.nearest(...pixel(event));
        if (row >= 0) this.onOpen?.(row);
      } else if (one.mode === "zoom") this.setZoom(this.zoom);
      else {
        const region = this.regionOf(one, pixel(event));
        if (region.kind === "box" || region.points.length > 2) this.onRegion?.(region);
      }
    };
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", (event) => {
      fingers.delete(event.pointerId);
      from = pinch = this.drawing = null;
    });
    target.addEventListener("pointerleave", () => (this.tip.hidden = true));
    target.addEventListener("dblclick", () => this.setZoom(null));
    target.addEventListener("wheel", (event) => {
      if (!this.x) return;
      event.preventDefault();
      this.scale(event.deltaY > 0 ? 1.25 : 0.8, ...pixel(event));
    }, { passive: false });
    target.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (step) this.move(...step);
      else if (event.key === "+" || event.key === "=") this.scale(0.8);
      else if (event.key === "-") this.scale(1.25);
      else if (event.key === "0") this.setZoom(null);
      else if (event.key === "Escape") this.onRegion?.(null);
      else return;
      event.preventDefault();
    });
  }

  /** The range in which what was below two fingers is below them still. */
  pinched({ range: [x0, x1, y0, y1], fingers: [a, b] }, [c, d]) {
    const apart = ([ax, ay], [bx, by]) => Math.max(10, Math.hypot(ax - bx, ay - by));
    const middle = ([ax, ay], [bx, by]) => [((ax + bx) / 2 - MARGIN.left) / this.inner[0], ((ay + by) / 2 - MARGIN.top) / this.inner[1]];
    const factor = apart(a, b) / apart(c, d);
    const [[mx, my], [nx, ny]] = [middle(a, b), middle(c, d)];
    const [w, height] = [x1 - x0, y1 - y0];
    const left = x0 + mx * w - nx * w * factor;
    const top = y1 - my * height + ny * height * factor;
    return [left, left + w * factor, top - height * factor, top];
  }

  /** A region in numbers of six digits: as a link has it, so a link selects the same. */
  regionOf({ mode, at, path }, to) {
    const rounded = (point) => this.fromPixel(...point).map((value) => Number(value.toPrecision(6)));
    if (mode === "lasso") return { kind: "lasso", points: path.map(rounded) };
    const [a, b] = [rounded(at), rounded(to)];
    return { kind: "box", points: [[Math.min(a[0], b[0]), Math.min(a[1], b[1])], [Math.max(a[0], b[0]), Math.max(a[1], b[1])]] };
  }

  showTip(row, [px, py]) {
    this.tip.hidden = row < 0;
    if (row < 0) return;
    this.tip.replaceChildren(...this.describe(row).map((text) => h("div", {}, text)));
    const left = px > this.width / 2;
    this.tip.style.left = left ? "" : `${px + 14}px`;
    this.tip.style.right = left ? `${this.width - px + 14}px` : "";
    this.tip.style.top = `${Math.min(py + 10, this.height - this.tip.offsetHeight - 4)}px`;
  }
}

export function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** Round numbers between two, about as many as asked for. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, Math.floor(count));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= rough * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** Give a canvas a size; it is made anew only where that is another one. */
function resize(canvas, width, height) {
  if (canvas.width !== Math.round(width)) canvas.width = Math.round(width);
  if (canvas.height !== Math.round(height)) canvas.height = Math.round(height);
}

function line(ink, x0, y0, x1, y1) {
  ink.beginPath();
  ink.moveTo(x0, y0);
  ink.lineTo(x1, y1);
  ink.stroke();
}

function dot(ink, x, y, radius) {
  ink.beginPath();
  ink.arc(x, y, radius, 0, 7);
  ink.fill();
}
