// Columns: a number for each architecture of a space, by a text that says which, such as `accuracy.cifar10.ori-test.200.199`.

import { arrays } from "./data.js";

export const UNITS = { accuracy: "%", loss: "", rank: "", time: "s", flops: "M", params: "M", latency: "s", count: "", place: "", channels: "" };
export const NAMES = {
  accuracy: "accuracy", loss: "loss", rank: "rank by accuracy", time: "training time", flops: "FLOPs", params: "parameters",
  latency: "latency", count: "number of", place: "choice at", channels: "sum of channels",
};
const HAS_SET = new Set(["accuracy", "loss", "rank"]);
const HAS_EPOCH = new Set(["accuracy", "loss", "rank", "time"]);

/** One search space: what the manifest says of it, its rows, and the columns that were asked for. */
export class Space {
  constructor(about) {
    this.about = about;
    this.cells = about.name === "tss";
    this.orders = new Map();
    this.columns = new Map();
    this.lastHp = Object.keys(about.hps).reduce((a, b) => (about.hps[a].epochs >= about.hps[b].epochs ? a : b));
  }

  async open() {
    if (this.index) return;
    const rows = await arrays(`data/${this.about.name}/rows.bin`);
    this.index = rows.index.values;
    this.digits = rows.digits.values;
    this.width = this.about.places.length;
    this.count = this.index.length;
    this.rowOf = new Map(Array.from(this.index, (index, row) => [index, row]));
    this.rowOfRank = new Map(Array.from({ length: this.count }, (_, row) => [this.rankOf(row), row]));
  }

  rankOf(row, place = -1, digit = 0) {
    let rank = 0;
    for (let i = 0; i < this.width; i++) rank = rank * this.about.choices.length + (i === place ? digit : this.digits[row * this.width + i]);
    return rank;
  }

  /** The architecture string. */
  text(row) {
    const own = Array.from(this.digits.subarray(row * this.width, (row + 1) * this.width), (digit) => this.about.choices[digit]);
    if (!this.cells) return own.join(":");
    const part = (places) => `|${places.map((place, source) => `${own[place]}~${source}`).join("|")}|`;
    return [part([0]), part([1, 2]), part([3, 4, 5])].join("+");
  }

  /** The row of an architecture that is written as an index or a string, or -1. */
  find(text) {
    const trimmed = text.trim();
    if (/^\d+$/.test(trimmed)) return this.rowOf.get(Number(trimmed)) ?? -1;
    for (let row = 0; row < this.count; row++) if (this.text(row) === trimmed) return row;
    return -1;
  }

  /** Rows that differ in one place: `{row, place, digit}`; those that the store lacks are left out. */
  neighbours(row) {
    const found = [];
    for (let place = 0; place < this.width; place++) {
      for (let digit = 0; digit < this.about.choices.length; digit++) {
        const other = this.rowOfRank.get(this.rankOf(row, place, digit));
        if (other !== undefined && other !== row) found.push({ row: other, place, digit });
      }
    }
    return found;
  }

  placeName(place) {
    return this.cells ? `edge ${this.about.places[place].slice(3).replace("_", " → ")}` : `layer ${place + 1}`;
  }

  /** Parts of a column's text, or null where the space has no such column. */
  parse(spec) {
    const [quantity, ...rest] = String(spec).split(".");
    const { hps, choices, places } = this.about;
    const one = { quantity, spec };
    if (quantity === "channels") return this.cells ? null : one;
    if (quantity === "count" || quantity === "place") {
      one.number = Number(rest[0]);
      const total = quantity === "count" ? choices.length : places.length;
      return /^\d+$/.test(rest[0]) && one.number < total ? one : null;
    }
    if (!Object.hasOwn(NAMES, quantity)) return null;
    one.dataset = rest.shift();
    if (HAS_SET.has(quantity)) one.set = rest.shift();
    one.hp = rest.shift();
    const hp = Object.hasOwn(hps, one.hp) ? hps[one.hp] : null;
    if (!hp || !Object.hasOwn(hp.datasets, one.dataset)) return null;
    if (one.set !== undefined && !hp.datasets[one.dataset].includes(one.set)) return null;
    if (HAS_EPOCH.has(quantity)) {
      one.epoch = Number(rest.shift());
      if (!hp.columns.includes(one.epoch)) return null;
    }
    return rest.length ? null : one;
  }

  /** The text of a column, from parts that may be missing or not fit together: the nearest that exists. */
  spec(parts) {
    const { hps, choices, places } = this.about;
    const quantity = parts.quantity;
    if (quantity === "channels") return "channels";
    if (quantity === "count") return `count.${Math.min(parts.number ?? 1, choices.length - 1)}`;
    if (quantity === "place") return `place.${Math.min(parts.number ?? 0, places.length - 1)}`;
    const hp = Object.hasOwn(hps, parts.hp) ? parts.hp : this.lastHp;
    const sets = hps[hp].datasets;
    const dataset = Object.hasOwn(sets, parts.dataset) ? parts.dataset : Object.keys(sets)[0];
    const list = [quantity, dataset];
    if (HAS_SET.has(quantity)) {
      const wanted = [parts.set, "x-valid", "ori-test"].find((name) => sets[dataset].includes(name));
      list.push(wanted ?? sets[dataset][0]);
    }
    list.push(hp);
    if (HAS_EPOCH.has(quantity)) {
      const columns = hps[hp].columns;
      list.push(columns.includes(parts.epoch) ? parts.epoch : columns.at(-1));
    }
    return list.join(".");
  }

  /** What people read of a column. */
  label(spec) {
    const one = this.parse(spec);
    if (!one) return spec;
    if (one.quantity === "count") return `${NAMES.count} ${this.about.choices[one.number]}${this.cells ? "" : " channels"}`;
    if (one.quantity === "place") return this.placeName(one.number);
    const unit = UNITS[one.quantity] ? ` (${UNITS[one.quantity]})` : "";
    const where = [one.dataset, one.set, one.hp && `hp ${one.hp}`, one.epoch !== undefined && `epoch ${one.epoch + 1}`];
    return [`${NAMES[one.quantity]}${unit}`, ...where.filter(Boolean)].join(", ");
  }

  /** The name that a number of a column stands for, or null: of what is at a place. */
  choiceOf(spec, value) {
    return spec.startsWith("place.") ? String(this.about.choices[value]) : null;
  }

  /** The numbers of a column, by row: a promise of a Float64Array. */
  column(spec) {
    if (!this.columns.has(spec)) {
      const promise = this.make(this.parse(spec));
      promise.catch(() => this.columns.delete(spec));
      this.columns.set(spec, promise);
    }
    return this.columns.get(spec);
  }

  async make(one) {
    const base = `data/${this.about.name}/${one.hp}/${one.dataset}`;
    switch (one.quantity) {
      case "count":
      case "place":
      case "channels":
        return this.fromDigits(one);
      case "rank":
        return ranks(await this.column(one.spec.replace("rank", "accuracy")));
      case "time":
        return (await arrays(`${base}/time/${one.epoch}.bin`)).values.values;
      case "accuracy":
      case "loss":
        return (await arrays(`${base}/${one.set}/${one.quantity}/${one.epoch}.bin`)).values.values;
      default:
        return (await arrays(`${base}/${one.quantity}.bin`)).values.values;
    }
  }

  fromDigits({ quantity, number }) {
    const found = new Float64Array(this.count);
    for (let row = 0; row < this.count; row++) {
      const own = this.digits.subarray(row * this.width, (row + 1) * this.width);
      if (quantity === "place") found[row] = own[number];
      else for (const digit of own) found[row] += quantity === "channels" ? this.about.choices[digit] : digit === number;
    }
    return found;
  }

  /** Rows by ascending number, those without a number last; equal ones by index. */
  async order(spec) {
    if (!this.orders.has(spec)) this.orders.set(spec, ascending(await this.column(spec)));
    return this.orders.get(spec);
  }

  /** Curves of a row: `{seeds, lines}`, a line a seed; seeds without values are left out. */
  async curves(row, { dataset, set, quantity, hp }) {
    const { block } = this.about;
    const name = `data/${this.about.name}/${hp}/${dataset}/${set}/${quantity}/curves/${Math.floor(row / block)}.bin`;
    const { seeds, samples, correct, values } = await arrays(name);
    const [, count, epochs] = (correct ?? values).shape;
    const found = { seeds: [], lines: [] };
    for (let seed = 0; seed < count; seed++) {
      const at = ((row % block) * count + seed) * epochs;
      const line = correct
        ? Float64Array.from(correct.values.subarray(at, at + epochs), (k) => (k < 0 ? NaN : (100 * k) / samples.values[0]))
        : Float64Array.from(values.values.subarray(at, at + epochs));
      if (line.some((value) => !Number.isNaN(value))) {
        found.seeds.push(seeds.values[seed]);
        found.lines.push(line);
      }
    }
    return found;
  }
}

function ascending(values) {
  const there = new Uint32Array(values.length);
  const gone = [];
  let count = 0;
  for (let row = 0; row < values.length; row++) if (Number.isNaN(values[row])) gone.push(row); else there[count++] = row;
  const order = there.subarray(0, count).sort((a, b) => values[a] - values[b] || a - b);
  return Uint32Array.from([...order, ...gone]);
}

/** 1 + how many are greater; NaN where there is no number. */
export function ranks(values) {
  const order = ascending(values);
  const found = new Float64Array(values.length).fill(NaN);
  let better = 0;
  let from = order.length - 1;
  while (from >= 0 && Number.isNaN(values[order[from]])) from--;
  for (let at = from; at >= 0; at--) {
    if (at < from && values[order[at]] !== values[order[at + 1]]) better = from - at;
    found[order[at]] = better + 1;
  }
  return found;
}

/** Whether more of a quantity is better. */
export function moreIsBetter(spec) {
  return spec.startsWith("accuracy.");
}

/** Rows that no other row beats in x and y, by ascending x; `order` has rows by ascending x, `allowed` is by row. */
export function paretoFront(x, y, order, xUp, yUp, allowed) {
  const rows = xUp ? Array.from(order).reverse() : order;
  const front = [];
  let best = Infinity;
  for (let at = 0; at < rows.length; ) {
    const value = x[rows[at]];
    if (Number.isNaN(value)) {
      at++;
      continue;
    }
    let end = at;
    let least = Infinity; // of the rows with the same x
    for (; end < rows.length && x[rows[end]] === value; end++) {
      const cost = yUp ? -y[rows[end]] : y[rows[end]];
      if (allowed[rows[end]] && cost < least) least = cost;
    }
    if (least < best) {
      best = least;
      for (; at < end; at++) if (allowed[rows[at]] && (yUp ? -y[rows[at]] : y[rows[at]]) === least) front.push(rows[at]);
    }
    at = end;
  }
  return xUp ? front.reverse() : front;
}

/** Which rows the filters leave: choices of each place (a bit each), and limits of columns, `{values, min, max}`. */
export function passing(space, places, limits) {
  const { count, width, digits } = space;
  const found = new Uint8Array(count).fill(1);
  // every place has bits, all of them where nothing is said: so the loop is compiled before the first filter is used
  const allowed = Int32Array.from({ length: width }, (_, place) => places[place] ?? -1);
  for (let row = 0, at = 0; row < count; row++) {
    for (let place = 0; place < width; place++, at++) if (!((allowed[place] >> digits[at]) & 1)) found[row] = 0;
  }
  for (const { values, min, max } of limits) {
    for (let row = 0; row < count; row++) if (!(values[row] >= min && values[row] <= max)) found[row] = 0;
  }
  return found;
}

/** Whether a point lies in a region of x and y: a box of two corners, or a polygon (even-odd rule). */
export function inside(region, x, y) {
  const points = region.points;
  if (region.kind === "box") {
    const [[x0, y0], [x1, y1]] = points;
    return x >= x0 && x <= x1 && y >= y0 && y <= y1;
  }
  let odd = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [xi, yi] = points[i];
    const [xj, yj] = points[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}
