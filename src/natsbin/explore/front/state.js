// What is shown, kept in the address: a link shows the same to others.

export const DEFAULTS = {
  space: "", view: "explore", x: "", y: "", color: "", front: true, places: {}, limits: [], region: null, zoom: null,
  open: null, compare: [], sort: "", down: true, curve: "", hp: "", place: 0, moment: 0, runs: false,
};
export const MOST_COMPARED = 6;

const listeners = [];
export const state = { ...DEFAULTS };

/** Call `listener(changed)` after every change, with the names that changed. */
export function onChange(listener) {
  listeners.push(listener);
}

/** Change what is shown. */
export function update(changes) {
  const before = write(state);
  Object.assign(state, changes);
  const after = write(state);
  if (before !== after) history.replaceState(null, "", after ? `#${after}` : "#");
  for (const listener of listeners) listener(new Set(Object.keys(changes)));
}

/** The part of an address after `#`. */
export function write(one) {
  const query = new URLSearchParams();
  for (const name of ["space", "view", "x", "y", "color", "sort", "curve", "hp"]) if (one[name] !== DEFAULTS[name]) query.set(name, one[name]);
  if (!one.front) query.set("front", "0");
  if (!one.down) query.set("down", "0");
  if (one.runs) query.set("runs", "1");
  const places = Object.entries(one.places).map(([place, bits]) => `${place}-${bits}`);
  if (places.length) query.set("places", places.join("_"));
  if (one.limits.length) query.set("limits", one.limits.map(({ spec, min, max }) => `${spec}_${min}_${max}`).join("__"));
  if (one.region) query.set("region", `${one.region.kind}_${one.region.points.flat().join("_")}`);
  if (one.zoom) query.set("zoom", one.zoom.join("_"));
  if (one.open !== null) query.set("open", one.open);
  if (one.compare.length) query.set("compare", one.compare.join("_"));
  for (const name of ["place", "moment"]) if (one[name]) query.set(name, one[name]);
  return query.toString();
}

/** The inverse of `write`; what makes no sense is left at its default. */
export function read(text) {
  const query = new URLSearchParams(text);
  const found = { ...DEFAULTS, places: {}, limits: [], compare: [] };
  for (const name of ["space", "view", "x", "y", "color", "sort", "curve", "hp"]) found[name] = query.get(name) ?? DEFAULTS[name];
  found.front = query.get("front") !== "0";
  found.down = query.get("down") !== "0";
  found.runs = query.get("runs") === "1";
  for (const [, place, bits] of (query.get("places") ?? "").matchAll(/(\d)-(\d+)/g)) found.places[place] = Number(bits);
  for (const part of (query.get("limits") ?? "").split("__").filter(Boolean)) {
    const [spec, min, max] = part.split("_");
    if (!Number.isNaN(Number(min)) && !Number.isNaN(Number(max))) found.limits.push({ spec, min: Number(min), max: Number(max) });
  }
  const [kind, ...numbers] = (query.get("region") ?? "").split("_");
  const values = numbers.map(Number);
  if (values.every(Number.isFinite) && ((kind === "box" && values.length === 4) || (kind === "lasso" && values.length >= 6 && values.length % 2 === 0))) {
    found.region = { kind, points: Array.from({ length: values.length / 2 }, (_, at) => [values[2 * at], values[2 * at + 1]]) };
  }
  const zoom = (query.get("zoom") ?? "").split("_").map(Number);
  if (zoom.length === 4 && zoom.every(Number.isFinite) && zoom[0] < zoom[1] && zoom[2] < zoom[3]) found.zoom = zoom;
  const whole = (text) => (/^\d+$/.test(text) ? Number(text) : null);
  found.open = whole(query.get("open") ?? "");
  found.compare = (query.get("compare") ?? "").split("_").map(whole).filter((one) => one !== null).slice(0, MOST_COMPARED);
  for (const name of ["place", "moment"]) found[name] = whole(query.get(name) ?? "") ?? 0;
  return found;
}
