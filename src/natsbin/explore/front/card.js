// An architecture's card, and the comparison of several.

import { drawing, legend, lines } from "./charts.js";
import { distinct } from "./colors.js";
import { moreIsBetter } from "./columns.js";
import { choice, h } from "./dom.js";
import { keepFocus } from "./explore.js";
import { cellOf } from "./pickers.js";
import { MOST_COMPARED, state, update } from "./state.js";

/** The columns of a card: for each dataset costs, accuracies and ranks after the last epoch. */
export function cardColumns(space, hp) {
  const { hps, kept } = space.about;
  const epoch = hps[hp].epochs - 1;
  const rows = [];
  for (const dataset of Object.keys(hps[hp].datasets).filter((name) => name !== "cifar10-valid")) {
    const row = { dataset, columns: {} };
    for (const name of ["flops", "params", "latency"]) row.columns[name] = `${name}.${dataset}.${hp}`;
    row.columns.time = `time.${dataset}.${hp}.${epoch}`;
    for (const label of ["valid", "test"]) {
      const [where, set] = kept[`${dataset} ${label}`];
      if (!hps[hp].datasets[where]?.includes(set)) continue;
      row.columns[`${label} accuracy`] = `accuracy.${where}.${set}.${hp}.${epoch}`;
      row.columns[`${label} rank`] = `rank.${where}.${set}.${hp}.${epoch}`;
    }
    rows.push(row);
  }
  return rows;
}

const HEADS = { flops: "FLOPs (M)", params: "parameters (M)", latency: "latency (s)", time: "training (s)" };

function headOf(name) {
  return HEADS[name] ?? (name.endsWith("accuracy") ? `${name} (%)` : name);
}

function chosenHp(space) {
  return state.hp in space.about.hps ? state.hp : space.lastHp;
}

function hpChoice(space) {
  return choice("hp", Object.keys(space.about.hps).map((name) => [name, name]), chosenHp(space), (hp) => update({ hp }));
}

/** What the curves show, as the state has it: dataset, set, quantity. */
function chosenCurve(space) {
  const { datasets } = space.about.hps[chosenHp(space)];
  let [dataset, set, quantity] = state.curve.split(".");
  if (!(dataset in datasets)) dataset = Object.keys(datasets)[0];
  if (!datasets[dataset].includes(set)) set = datasets[dataset].find((name) => name === "x-valid") ?? datasets[dataset][0];
  if (!space.about.curves.includes(quantity)) quantity = space.about.curves[0];
  return { dataset, set, quantity, hp: chosenHp(space) };
}

function curveChoices(space) {
  const one = chosenCurve(space);
  const { datasets } = space.about.hps[one.hp];
  const set = (changes) => { const next = { ...one, ...changes }; update({ curve: [next.dataset, next.set, next.quantity].join(".") }); };
  return h("div", { class: "row" },
    choice("dataset", Object.keys(datasets).map((name) => [name, name]), one.dataset, (dataset) => set({ dataset })),
    choice("set", datasets[one.dataset].map((name) => [name, name]), one.set, (name) => set({ set: name })),
    choice("quantity", space.about.curves.map((name) => [name, name]), one.quantity, (quantity) => set({ quantity })), hpChoice(space));
}

/** Curves of rows: the mean over the seeds, with the least and the most; of one row also every seed. */
async function curves(space, rows) {
  if (!space.about.curves.length) return h("p", { class: "note" }, "This site was written without curves.");
  const one = chosenCurve(space);
  const series = [];
  const colors = distinct();
  const found = await Promise.all(rows.map((row) => space.curves(row, one)));
  found.forEach(({ lines: own, seeds }, at) => {
    if (!own.length) return;
    const x = Float64Array.from(own[0].keys(), (epoch) => epoch + 1);
    const over = (pick) => Float64Array.from(x.keys(), (epoch) => pick(own.map((line) => line[epoch])));
    const color = colors[at];
    if (rows.length === 1) own.forEach((line, seed) => series.push({ x, y: line, color: colors[(seed + 1) % colors.length], thin: true, label: `seed ${seeds[seed]}` }));
    series.push({
      label: rows.length === 1 ? "mean" : String(space.index[rows[at]]), x, color,
      y: over((values) => values.reduce((a, b) => a + b) / values.length),
      low: own.length > 1 ? over((values) => Math.min(...values)) : null, high: own.length > 1 ? over((values) => Math.max(...values)) : null,
    });
  });
  if (!series.length) return h("p", { class: "note" }, "No values of this set.");
  const unit = one.quantity === "accuracy" ? " (%)" : "";
  return h("figure", {}, lines(series, { xLabel: "epochs", yLabel: `${one.quantity}${unit}`, label: `Curves on ${one.dataset}, ${one.set}`, width: rows.length === 1 ? 480 : 720, height: rows.length === 1 ? 260 : 360 }),
    legend(series.map(({ color, label }) => [color, label])));
}

export class Card {
  constructor(element, say) {
    Object.assign(this, { element, say });
    element.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
  }

  close() {
    update({ open: null });
    document.querySelector(".keys, nav button")?.focus({ preventScroll: true });
  }

  async show(space) {
    const row = state.open === null ? undefined : space.rowOf.get(state.open);
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const opened = this.element.hidden || this.index !== state.open;
    if (row === undefined) {
      this.element.hidden = true;
      document.body.classList.remove("with-card");
      if (state.open !== null) this.say(`Architecture ${state.open} is not in this store.`);
      return;
    }
    const index = (this.index = state.open);
    const compared = state.compare.includes(index);
    const full = !compared && state.compare.length >= MOST_COMPARED;
    const compare = () => update({ compare: compared ? state.compare.filter((one) => one !== index) : [...state.compare, index] });
    const specs = cardColumns(space, chosenHp(space));
    const neighbours = space.neighbours(row);
    const [drawn, values, own] = await Promise.all([
      curves(space, [row]),
      Promise.all(specs.map(({ columns }) => Promise.all(Object.values(columns).map((spec) => space.column(spec))))),
      space.column(state.y),
    ]);
    if (turn !== this.turn) return;
    const better = moreIsBetter(state.y) ? -1 : 1;
    neighbours.sort((a, b) => (own[a.row] - own[b.row]) * better || a.row - b.row);
    const title = h("h2", { tabindex: "-1" }, `Architecture ${index}`);
    keepFocus(this.element, [
      h("div", { class: "row head" }, title, h("button", { type: "button", onclick: () => this.close() }, "Close")),
      h("p", { class: "arch" }, space.text(row)),
      drawing(space, row),
      h("div", { class: "row" }, h("button", { type: "button", disabled: full, onclick: compare }, compared ? "Remove from comparison" : full ? "Comparison is full" : "Compare"), hpChoice(space)),
      h("h3", {}, `Costs, accuracies and ranks, hp ${chosenHp(space)}, last epoch`),
      numbersTable(specs, values, row),
      h("h3", {}, "Learning curves of all seeds"), curveChoices(space), drawn,
      h("h3", {}, `Neighbours by one edit (${neighbours.length})`),
      h("div", { class: "wide tall", tabindex: "0", role: "region", "aria-label": "Neighbours" }, h("table", {}, h("thead", {}, h("tr", {}, ["index", "edit", space.label(state.y), "difference"].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, neighbours.map(({ row: other, place, digit }) => h("tr", {},
          h("th", { scope: "row" }, h("button", { type: "button", class: "link", onclick: () => update({ open: space.index[other] }) }, String(space.index[other]))),
          h("td", {}, `${space.placeName(place)}: ${space.about.choices[digit]}`), cellOf(own[other]), cellOf(own[other] - own[row])))))),
    ]);
    this.element.hidden = false;
    document.body.classList.add("with-card");
    if (opened) {
      this.element.scrollTop = 0;
      title.focus({ preventScroll: innerWidth > 800 });
    }
  }
}

/** The numbers of a row: quantities below each other, datasets side by side. */
function numbersTable(specs, values, row) {
  const names = [...new Set(specs.flatMap(({ columns }) => Object.keys(columns)))];
  const body = names.map((name) => h("tr", {}, h("th", { scope: "row" }, headOf(name)), specs.map(({ columns }, at) => {
    const place = Object.keys(columns).indexOf(name);
    return place < 0 ? h("td", { class: "number" }, "–") : cellOf(values[at][place][row]);
  })));
  return h("table", { class: "numbers" }, h("thead", {}, h("tr", {}, h("td"), specs.map(({ dataset }) => h("th", { scope: "col" }, dataset)))), h("tbody", {}, body));
}

export class CompareView {
  constructor() {
    this.element = h("div", { class: "compare" });
  }

  async show(space) {
    const indexes = state.compare.filter((index) => space.rowOf.has(index));
    const rows = indexes.map((index) => space.rowOf.get(index));
    const turn = (this.turn = (this.turn ?? 0) + 1);
    if (!rows.length) {
      this.element.replaceChildren(h("p", {}, `Open an architecture and choose “Compare”: up to ${MOST_COMPARED} are shown side by side.`));
      return;
    }
    const specs = cardColumns(space, chosenHp(space));
    const [drawn, values] = await Promise.all([
      curves(space, rows),
      Promise.all(specs.map(({ columns }) => Promise.all(Object.values(columns).map((spec) => space.column(spec))))),
    ]);
    if (turn !== this.turn) return;
    const body = specs.flatMap(({ dataset, columns }, at) => Object.keys(columns).map((name, place) => h("tr", {},
      h("th", { scope: "row" }, `${dataset}: ${headOf(name)}`), rows.map((row) => cellOf(values[at][place][row])))));
    const heads = indexes.map((index) => h("th", { scope: "col" }, h("button", { type: "button", class: "link", onclick: () => update({ open: index }) }, String(index))));
    keepFocus(this.element, [
      h("h2", {}, "Comparison"), h("div", { class: "row" }, curveChoices(space)), drawn,
      h("div", { class: "drawings" }, rows.map((row, at) => h("figure", {}, drawing(space, row), h("figcaption", {}, `${indexes[at]} `,
        h("button", { type: "button", "aria-label": `Remove ${indexes[at]}`, onclick: () => update({ compare: state.compare.filter((one) => one !== indexes[at]) }) }, "Remove"))))),
      h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Numbers side by side" }, h("table", { class: "numbers" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `hp ${chosenHp(space)}`), heads)), h("tbody", {}, body))),
    ]);
  }
}
