// The main view: the scatter, filters, and the table of the selection.

import { swatch } from "./charts.js";
import { distinct, palette, ramp } from "./colors.js";
import { inside, moreIsBetter, paretoFront, passing } from "./columns.js";
import { python } from "./code.js";
import { download, h, short } from "./dom.js";
import { cellOf, columnPicker, limitFilters, placeFilters } from "./pickers.js";
import { Scatter } from "./scatter.js";
import { state, update } from "./state.js";

const PAGE = 20;
const FILTERS = ["places", "limits", "region", "front"];

export class ExploreView {
  /** `about.parquet` says whether a server writes Parquet; `say(text)` tells the user. */
  constructor(about, say) {
    Object.assign(this, { about, say });
    this.page = 0;
    this.scatter = new Scatter({
      label: "Scatter of all architectures",
      onRegion: (region) => update({ region }),
      onOpen: (row) => update({ open: this.space.index[row] }),
      onZoom: (zoom) => update({ zoom: zoom?.map((value) => Number(value.toPrecision(7))) ?? null }),
      describe: (row) => this.describe(row),
    });
    const mode = (name, text) => h("button", { type: "button", "aria-pressed": String(name === "zoom"), "data-mode": name, onclick: () => this.setMode(name) }, text);
    this.tools = h("div", { class: "tools", role: "toolbar", "aria-label": "Scatter" },
      mode("zoom", "Move"), mode("box", "Box select"), mode("lasso", "Lasso select"),
      h("button", { type: "button", onclick: () => this.scatter.scale(0.7), "aria-label": "Zoom in" }, "+"),
      h("button", { type: "button", onclick: () => this.scatter.scale(1.4), "aria-label": "Zoom out" }, "−"),
      h("button", { type: "button", onclick: () => this.scatter.setZoom(null) }, "Show all"),
      h("button", { type: "button", onclick: () => update({ region: null }) }, "Clear selection"));
    this.axes = h("div", { class: "axes" });
    this.scale = h("div", { class: "scale" });
    this.filters = h("section", { class: "filters", "aria-label": "Filters" });
    this.table = h("section", { class: "selection", "aria-label": "Selection" });
    this.element = h("div", { class: "explore" }, h("div", { class: "left" }, this.axes, this.tools, this.scatter.element, this.scale), this.filters, this.table);
  }

  setMode(name) {
    this.scatter.mode = name;
    for (const button of this.tools.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === name));
  }

  /** Show the state. `changed` has the names that did change, null for all. */
  async show(space, changed) {
    const all = !changed || this.space !== space;
    this.space = space;
    const has = (...names) => all || names.some((name) => changed.has(name));
    const turn = (this.turn = (this.turn ?? 0) + 1);
    if (has("x", "y", "color", "front")) this.showAxes();
    if (has("limits")) this.makeFilters();
    if (has("places", "limits")) this.showFilters();
    if (has("x", "y", "color", "limits", ...FILTERS)) {
      const specs = [state.x, state.y, state.color, ...state.limits.map(({ spec }) => spec)];
      const [x, y, color, ...limits] = await Promise.all(specs.map((spec) => space.column(spec)));
      this.order = await space.order(state.x);
      if (turn !== this.turn) return; // the user has gone on
      if (has("x", "y")) this.scatter.setPoints(x, y, space.label(state.x), space.label(state.y));
      Object.assign(this, { x, y, color });
      if (has("color")) this.showColors();
      this.filter(limits);
    }
    this.scatter.zoom = state.zoom;
    this.scatter.region = state.region;
    const marks = new Map();
    state.compare.forEach((index, at) => marks.set(index, { color: distinct()[at], text: String(index) }));
    if (state.open !== null) marks.set(state.open, { text: String(state.open), ...marks.get(state.open) });
    this.scatter.marks = [...marks].filter(([index]) => space.rowOf.has(index)).map(([index, mark]) => ({ row: space.rowOf.get(index), ...mark }));
    this.scatter.draw(); // before the table is made anew, as it asks for its own size: so the page is laid out once
    if (has("sort", "down", "x", "y", "color", ...FILTERS)) {
      this.page = 0;
      await this.showTable();
    }
  }

  /** After the theme changed. */
  restyle() {
    if (!this.color) return;
    this.showColors();
    this.scatter.draw();
  }

  showAxes() {
    const pick = (label, name) => columnPicker(this.space, label, state[name], (spec) => update(name === "color" ? { color: spec } : { [name]: spec, region: null, zoom: null }));
    const swap = () => update({ x: state.y, y: state.x, region: null, zoom: null });
    keepFocus(this.axes, [
      pick("Horizontal", "x"), pick("Vertical", "y"), pick("Color", "color"),
      h("div", { class: "row" }, h("label", { class: "check" }, h("input", { type: "checkbox", checked: state.front, onchange: (event) => update({ front: event.target.checked }) }), "Pareto front"),
        h("button", { type: "button", onclick: swap }, "Swap axes")),
    ]);
  }

  makeFilters() {
    this.places = placeFilters(this.space, (places) => update({ places }));
    this.reset = h("button", { type: "button", onclick: () => update({ places: {}, limits: [] }) }, "Remove all filters");
    keepFocus(this.filters, [
      h("h2", {}, "Filters"), this.places, limitFilters(this.space, state.limits, (limits) => update({ limits })), this.reset,
    ]);
  }

  showFilters() {
    this.places.show(state.places);
    this.reset.hidden = !Object.keys(state.places).length && !state.limits.length;
  }

  showColors() {
    const { space, color } = this;
    const one = space.parse(state.color);
    const names = one.quantity === "place" ? space.about.choices : one.quantity === "count" ? Array.from({ length: space.width + 1 }, (_, count) => count) : null;
    const tones = new Float32Array(color.length);
    const swatches = h("ul", { class: "legend" });
    if (names) {
      for (let row = 0; row < color.length; row++) tones[row] = (color[row] + 0.5) / names.length;
      swatches.append(...names.map((name, at) => h("li", {}, swatch(distinct()[at]), String(name))));
    } else {
      const sorted = Float64Array.from(color).filter((value) => !Number.isNaN(value)).sort();
      const [low, high] = sorted.length ? [0.01, 0.99].map((part) => sorted[Math.floor(part * (sorted.length - 1))]) : [0, 1];
      for (let row = 0; row < color.length; row++) tones[row] = Number.isNaN(color[row]) ? 0 : (color[row] - low) / (high - low || 1);
      swatches.append(...ramp().map((tone, at) => h("li", {}, swatch(tone), short(low + ((high - low) * at) / (ramp().length - 1)))));
    }
    this.scatter.setColors(tones, palette(names?.length));
    this.scale.replaceChildren(h("span", {}, `Color: ${space.label(state.color)}`), swatches);
  }

  filter(limits) {
    const { space, x, y } = this;
    const shown = passing(space, state.places, state.limits.map(({ min, max }, at) => ({ values: limits[at], min, max })));
    for (let row = 0; row < shown.length; row++) if (Number.isNaN(x[row]) || Number.isNaN(y[row])) shown[row] = 0;
    const front = paretoFront(x, y, this.order, moreIsBetter(state.x), moreIsBetter(state.y), shown);
    this.scatter.front = state.front ? front : [];
    this.onFront = new Set(front);
    if (state.region) for (let row = 0; row < shown.length; row++) if (shown[row] && inside(state.region, x[row], y[row])) shown[row] = 2;
    this.shown = shown;
    this.scatter.setShown(shown, Boolean(state.region));
  }

  describe(row) {
    const { space } = this;
    const line = (spec, values) => `${space.label(spec)}: ${space.choiceOf(spec, values[row]) ?? short(values[row])}`;
    return [`architecture ${space.index[row]}`, space.text(row), line(state.x, this.x), line(state.y, this.y)];
  }

  /** The rows of the selection: of the region if there is one, else all that pass the filters; in the table's order. */
  async selection() {
    const least = state.region ? 2 : 1;
    const { sort, down } = this.sorting();
    const natural = sort === "index";
    const order = natural ? null : await this.space.order(sort);
    const rows = [];
    for (let at = 0; at < this.space.count; at++) {
      const row = natural ? at : order[at];
      if (this.shown[row] >= least) rows.push(row);
    }
    if (!down) return rows;
    if (natural) return rows.reverse();
    const values = await this.space.column(sort); // what has no number stays last
    const gone = rows.findIndex((row) => Number.isNaN(values[row]));
    return gone < 0 ? rows.reverse() : [...rows.slice(0, gone).reverse(), ...rows.slice(gone)];
  }

  /** By what the table is sorted: by the vertical axis, the best first, unless the user chose. */
  sorting() {
    return state.sort ? { sort: state.sort, down: state.down } : { sort: state.y, down: moreIsBetter(state.y) };
  }

  columns() {
    return [...new Set([state.x, state.y, state.color, ...state.limits.map(({ spec }) => spec)])];
  }

  async showTable() {
    const { space } = this;
    const rows = await this.selection();
    const specs = this.columns();
    const values = await Promise.all(specs.map((spec) => space.column(spec)));
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    this.page = Math.min(this.page, pages - 1);
    const { sort, down } = this.sorting();
    const heading = (spec, text) => {
      const on = sort === spec;
      return h("th", { scope: "col", "aria-sort": on ? (down ? "descending" : "ascending") : "none" },
        h("button", { type: "button", onclick: () => update({ sort: spec, down: on ? !down : spec !== "index" && moreIsBetter(spec) }) }, text, on ? (down ? " ↓" : " ↑") : ""));
    };
    const body = rows.slice(this.page * PAGE, (this.page + 1) * PAGE).map((row) => h("tr", { class: this.onFront.has(row) ? "on-front" : null },
      h("th", { scope: "row" }, h("button", { type: "button", class: "link", onclick: () => update({ open: space.index[row] }) }, String(space.index[row]))),
      values.map((column, at) => cellOf(column[row], space.choiceOf(specs[at], column[row]))), h("td", { class: "arch" }, space.text(row))));
    const go = (page) => { this.page = page; this.showTable(); };
    const exports = [
      h("button", { type: "button", onclick: () => this.csv() }, "CSV"),
      this.about.parquet ? h("button", { type: "button", onclick: () => this.parquet() }, "Parquet") : null,
      h("button", { type: "button", onclick: () => this.code() }, "Python"),
    ];
    const find = h("form", { class: "find", role: "search", onsubmit: (event) => {
      event.preventDefault();
      const row = space.find(event.target.elements.architecture.value);
      if (row < 0) this.say("No such architecture in this store.");
      else update({ open: space.index[row] });
    } }, h("label", {}, h("span", {}, "Index or string"), h("input", { name: "architecture", size: 12 })), h("button", {}, "Open"));
    keepFocus(this.table, [
      h("h2", {}, state.region ? "Selection" : "Architectures"),
      h("p", { class: "count", "data-count": rows.length }, `${rows.length.toLocaleString("en")} of ${space.count.toLocaleString("en")}; those on the Pareto front are bold.`),
      h("div", { class: "row" }, h("span", {}, "Export:"), exports.filter(Boolean), find),
      this.about.parquet ? null : h("p", { class: "note" }, "Parquet files need the local server: natsbin explore."),
      h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Table of the selection" }, h("table", {}, h("thead", {}, h("tr", {}, heading("index", "index"), specs.map((spec) => heading(spec, space.label(spec))), h("th", { scope: "col" }, "architecture"))), h("tbody", {}, body))),
      h("div", { class: "row" },
        h("button", { type: "button", disabled: this.page === 0, onclick: () => go(this.page - 1) }, "Previous"),
        h("span", {}, `page ${this.page + 1} of ${pages.toLocaleString("en")}`),
        h("button", { type: "button", disabled: this.page + 1 >= pages, onclick: () => go(this.page + 1) }, "Next")),
      h("pre", { class: "code", hidden: true, tabindex: "0", "aria-label": "Python code" }),
    ].filter(Boolean));
  }

  async csv() {
    const { space } = this;
    const specs = this.columns();
    const values = await Promise.all(specs.map((spec) => space.column(spec)));
    const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
    const number = (value) => (Number.isNaN(value) ? "" : String(value));
    const lines = (await this.selection()).map((row) => [space.index[row], quoted(space.text(row)), ...values.map((column, at) => space.choiceOf(specs[at], column[row]) ?? number(column[row]))].join(","));
    download(`${space.about.name}-selection.csv`, [["index", "architecture", ...specs].join(","), ...lines, ""].join("\n"), "text/csv");
  }

  async parquet() {
    const { space } = this;
    const one = [state.y, state.x].map((spec) => space.parse(spec)).find(({ hp }) => hp) ?? space.parse(space.spec({ quantity: "accuracy" }));
    const epoch = one.epoch ?? space.about.hps[one.hp].epochs - 1;
    const architectures = (await this.selection()).map((row) => space.index[row]);
    const answer = await fetch("table.parquet", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ space: space.about.name, hp: one.hp, epoch, architectures }) });
    if (answer.ok) download(`${space.about.name}-selection.parquet`, await answer.arrayBuffer(), "application/vnd.apache.parquet");
    else this.say(`The server wrote no Parquet file (${answer.status}).`);
  }

  code() {
    const box = this.table.querySelector(".code");
    box.textContent = python(this.space, state);
    box.hidden = false;
    box.focus();
    navigator.clipboard?.writeText(box.textContent).then(() => this.say("Copied."), () => {});
  }
}

/** Replace the children, and give the focus back to the control at the same place. */
export function keepFocus(parent, children) {
  const controls = () => [...parent.querySelectorAll("button, input, select, [tabindex]")];
  const at = controls().indexOf(document.activeElement);
  parent.replaceChildren(...children);
  if (at >= 0) controls()[at]?.focus({ preventScroll: true });
}
