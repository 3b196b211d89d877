// Choosing a column, filters of places, and limits.

import { NAMES } from "./columns.js";
import { choice, h, short } from "./dom.js";

/** Selects that choose a column of a space; `onchange(spec)`. */
export function columnPicker(space, label, spec, onchange) {
  const { hps, choices, places } = space.about;
  const one = space.parse(spec);
  const set = (changes) => onchange(space.spec({ ...one, ...changes }));
  const quantities = Object.keys(NAMES).filter((name) => name !== "channels" || !space.cells);
  const parts = [choice("quantity", quantities.map((name) => [name, NAMES[name]]), one.quantity, (quantity) => set({ quantity, number: undefined }))];
  if (one.quantity === "count") parts.push(choice("of", choices.map((name, at) => [at, name]), one.number, (number) => set({ number: Number(number) })));
  if (one.quantity === "place") parts.push(choice("at", places.map((_, at) => [at, space.placeName(at)]), one.number, (number) => set({ number: Number(number) })));
  if (one.hp !== undefined) {
    const hp = hps[one.hp];
    parts.push(choice("dataset", Object.keys(hp.datasets).map((name) => [name, name]), one.dataset, (dataset) => set({ dataset })));
    if (one.set !== undefined) parts.push(choice("set", hp.datasets[one.dataset].map((name) => [name, name]), one.set, (name) => set({ set: name })));
    parts.push(choice("hp", Object.keys(hps).map((name) => [name, name]), one.hp, (name) => set({ hp: name, epoch: undefined })));
    if (one.epoch !== undefined) parts.push(choice("epoch", hp.columns.map((epoch) => [epoch, epoch + 1]), one.epoch, (epoch) => set({ epoch: Number(epoch) })));
  }
  return h("fieldset", { class: "picker" }, h("legend", {}, label), h("div", {}, parts));
}

/** Boxes for what each place may be; `onchange(places)`. `show(places)` of the element checks those that are allowed. */
export function placeFilters(space, onchange) {
  const { choices } = space.about;
  const everything = (1 << choices.length) - 1;
  const inputs = [];
  let now = {};
  const rows = space.about.places.map((_, place) => {
    const boxes = choices.map((name, digit) => {
      const flip = () => {
        const next = { ...now, [place]: (now[place] ?? everything) ^ (1 << digit) };
        if (next[place] === everything) delete next[place];
        onchange(next);
      };
      const input = h("input", { type: "checkbox", onchange: flip, "aria-label": `${space.placeName(place)}: ${name}` });
      inputs.push({ input, place, digit });
      return h("td", {}, input);
    });
    return h("tr", {}, h("th", { scope: "row" }, space.placeName(place)), boxes);
  });
  const head = h("tr", {}, h("td"), choices.map((name) => h("th", { scope: "col" }, h("span", {}, String(name).replace("nor_", "").replaceAll("_", " ")))));
  const table = h("table", { class: "places" }, h("thead", {}, head), h("tbody", {}, rows));
  table.show = (places) => {
    now = places;
    for (const { input, place, digit } of inputs) input.checked = Boolean(((places[place] ?? everything) >> digit) & 1);
  };
  return table;
}

/** Limits of columns; `onchange(limits)`. */
export function limitFilters(space, limits, onchange) {
  const change = (at, changes) => onchange(limits.map((one, place) => (place === at ? { ...one, ...changes } : one)));
  const number = (text, otherwise) => (text.trim() === "" || Number.isNaN(Number(text)) ? otherwise : Number(text));
  const rows = limits.map(({ spec, min, max }, at) => h("div", { class: "limit" },
    columnPicker(space, `Limit ${at + 1}`, spec, (next) => change(at, { spec: next })),
    h("label", {}, h("span", {}, "from"), h("input", { inputmode: "decimal", size: 8, value: min === -Infinity ? "" : String(min), onchange: (event) => change(at, { min: number(event.target.value, -Infinity) }) })),
    h("label", {}, h("span", {}, "to"), h("input", { inputmode: "decimal", size: 8, value: max === Infinity ? "" : String(max), onchange: (event) => change(at, { max: number(event.target.value, Infinity) }) })),
    h("button", { type: "button", onclick: () => onchange(limits.filter((_, place) => place !== at)), "aria-label": `Remove limit ${at + 1}` }, "Remove")));
  const add = () => onchange([...limits, { spec: space.spec({ quantity: "flops" }), min: -Infinity, max: Infinity }]);
  return h("div", {}, rows, h("button", { type: "button", onclick: add }, "Add a limit"));
}

/** A cell of a table: a number, or the name that it stands for. */
export function cellOf(value, name = null) {
  return h("td", { class: "number", title: Number.isNaN(value) ? "missing" : String(value) }, name ?? short(value));
}
