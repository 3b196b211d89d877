// Searches of a sweep over simulated time: how good what they have found is, and where it lies.

import { legend, lines } from "./charts.js";
import { distinct, palette } from "./colors.js";
import { arrays } from "./data.js";
import { choice, h, short } from "./dom.js";
import { Scatter } from "./scatter.js";
import { state, update } from "./state.js";

const FRAME = 250; // milliseconds a moment is shown

export class SweepView {
  constructor(about, spaces) {
    Object.assign(this, { about, spaces });
    this.scatter = new Scatter({
      label: "Where searches are",
      onOpen: (row) => update({ open: this.space.index[row] }),
      describe: (row) => [`architecture ${this.space.index[row]}`, this.space.text(row)],
    });
    this.place = h("div", { class: "row" });
    this.chart = h("div");
    this.play = h("button", { type: "button", onclick: () => this.toggle() }, "Play");
    this.slider = h("input", { type: "range", min: 0, value: 0, "aria-label": "Moment", oninput: (event) => { this.stop(); update({ moment: Number(event.target.value) }); } });
    this.time = h("output");
    this.each = h("input", { type: "checkbox", onchange: (event) => update({ runs: event.target.checked }) });
    this.element = h("div", { class: "sweep" }, h("h2", {}, `Sweep ${about?.name ?? ""}`), this.place,
      h("div", { class: "row player" }, this.play, this.slider, this.time, h("label", { class: "check" }, this.each, "Every run")),
      h("div", { class: "pair" }, this.chart, h("div", {}, this.scatter.element, h("p", { class: "note" }, "The best architectures so far of up to 100 runs of each algorithm, drawn over the whole space."))));
  }

  toggle() {
    if (this.timer) return this.stop();
    this.play.textContent = "Pause";
    this.timer = setInterval(() => update({ moment: (state.moment + 1) % (Number(this.slider.max) + 1) }), FRAME);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }

  async show(_space, changed) {
    const places = this.about.places;
    const at = Math.min(state.place, places.length - 1);
    const { space: name, dataset, hp, best } = places[at];
    const space = this.spaces.get(name);
    const turn = (this.turn = (this.turn ?? 0) + 1);
    if (!space) {
      this.element.replaceChildren(h("p", {}, `The sweep is of the space ${name}, of which no store is open.`));
      return;
    }
    await space.open();
    const found = await arrays(`data/sweep/${name}.${dataset}.${hp}.bin`);
    const { kept, hps } = space.about;
    const last = space.lastHp;
    const [where, set] = kept[`${dataset} test`];
    const x = `flops.${dataset}.${last}`;
    const y = `accuracy.${where}.${set}.${last}.${hps[last].epochs - 1}`;
    const [xs, ys] = await Promise.all([space.column(x), space.column(y)]);
    if (turn !== this.turn) return;
    const colors = distinct();
    const times = found.at.values;
    const moment = Math.min(state.moment, times.length - 1);
    if (this.shownPlace !== at || !changed || changed.has("theme")) {
      this.shownPlace = at;
      this.space = space;
      this.place.replaceChildren(choice("search", places.map((one, place) => [place, `${one.space}, ${one.dataset}, hp ${one.hp}`]), at, (place) => update({ place: Number(place), moment: 0 })));
      this.slider.max = times.length - 1;
      this.scatter.setPoints(xs, ys, space.label(x), space.label(y));
      this.scatter.setColors(new Float32Array(space.count).fill(0.95), palette(8));
      this.scatter.setShown(new Uint8Array(space.count).fill(1), true);
    }
    this.slider.value = moment;
    this.time.textContent = `${short(times[moment])} ${this.about.unit}`;
    const series = this.about.algorithms.filter((label) => `${label} index` in found).map((label, place) => {
      const tests = found[`${label} test`].values;
      const row = (part) => tests.subarray(part * times.length, part * times.length + moment + 1);
      const seen = times.subarray(0, moment + 1);
      return { label, color: colors[place % colors.length], x: seen, low: row(0), y: row(1), high: row(2) };
    });
    const whole = { label: "best of the space", color: "currentColor", dash: "2 4", x: [times[0], times.at(-1)], y: [best, best] };
    const runs = state.runs ? series.flatMap(({ label, color }) => {
      const { shape, values } = found[`${label} index`];
      return Array.from({ length: shape[0] }, (_, run) => ({
        color, thin: true, opacity: 0.25, x: times.subarray(0, moment + 1),
        y: Float64Array.from({ length: moment + 1 }, (_, part) => ys[space.rowOf.get(values[run * shape[1] + part])] ?? NaN),
      }));
    }) : [];
    this.chart.replaceChildren(lines([...runs, ...series, whole], { xLabel: this.about.unit, yLabel: "test accuracy (%)", label: `Best so far on ${dataset}`, cursor: times[moment], width: 560, height: 400 }),
      legend([...series, whole].map(({ color, label }) => [color, label])),
      h("p", { class: "note" }, `Median and quartiles over all runs${state.runs ? "; thin lines are up to 100 runs of each algorithm" : ""}.`));
    this.each.checked = state.runs;
    this.scatter.marks = series.flatMap(({ label, color }) => {
      const { shape, values } = found[`${label} index`];
      return Array.from({ length: shape[0] }, (_, run) => space.rowOf.get(values[run * shape[1] + moment])).filter((row) => row !== undefined).map((row) => ({ row, color }));
    });
    this.scatter.draw();
  }
}
