// A selection as Python: a program that asks the API and finds the same architectures.

/** The program. `limits` are `{spec, min, max}`, `places` bits by place, `region` in x and y or null. */
export function python(space, { places, limits, region, x, y }) {
  const { about } = space;
  const used = [...limits.map(({ spec }) => spec), ...(region ? [x, y] : [])].map((spec) => space.parse(spec));
  const needsRank = used.some((one) => one.quantity === "rank");
  const needsDigits = Object.keys(places).length || used.some((one) => ["count", "place", "channels"].includes(one.quantity));
  const out = ["import numpy as np", "", "import natsbin"];
  if (needsDigits) out.push("from natsbin.adaptors.opening import store_digits");
  if (used.some((one) => one.quantity === "channels")) out.push("from natsbin.spaces import CHANNELS");
  out.push("", `store = natsbin.open_store(${text(about.store)})`, "batch = natsbin.Batch(store)", "index = store.indexes");
  if (needsDigits) out.push("digits = store_digits(store, index)");
  out.push("chosen = np.ones(len(index), bool)");
  if (needsRank) {
    out.push("", "", "def rank(values):", "    there = np.sort(values[~np.isnan(values)])");
    out.push("    return np.where(np.isnan(values), np.nan, 1 + len(there) - np.searchsorted(there, values, side=\"right\"))", "", "");
  }
  for (const [place, bits] of Object.entries(places)) {
    const allowed = about.choices.map((name, digit) => [name, digit]).filter(([, digit]) => (bits >> digit) & 1);
    out.push(`chosen &= np.isin(digits[:, ${place}], [${allowed.map(([, digit]) => digit).join(", ")}])  # ${about.places[place]}: ${allowed.map(([name]) => name).join(", ") || "nothing"}`);
  }
  for (const { spec, min, max } of limits) {
    out.push(`values = ${column(space.parse(spec))}`);
    if (min > -Infinity) out.push(`chosen &= values >= ${min}`);
    if (max < Infinity) out.push(`chosen &= values <= ${max}`);
    if (min === -Infinity && max === Infinity) out.push("chosen &= ~np.isnan(values)");
  }
  if (region) {
    out.push(`x = ${column(space.parse(x))}`, `y = ${column(space.parse(y))}`);
    if (region.kind === "box") {
      const [[x0, y0], [x1, y1]] = region.points;
      out.push(`chosen &= (x >= ${x0}) & (x <= ${x1}) & (y >= ${y0}) & (y <= ${y1})`);
    } else {
      out.push("corners = np.array([", ...region.points.map((point) => `    (${point.join(", ")}),`), "])");
      out.push("inside = np.zeros(len(index), bool)  # by the even-odd rule", "for (xi, yi), (xj, yj) in zip(corners, np.roll(corners, 1, axis=0), strict=True):");
      out.push("    if yi != yj:", "        inside ^= ((yi > y) != (yj > y)) & (x < (xj - xi) * (y - yi) / (yj - yi) + xi)", "chosen &= inside & ~np.isnan(x) & ~np.isnan(y)");
    }
  }
  out.push("selection = index[chosen]");
  return `${out.join("\n")}\n`;
}

function column({ quantity, dataset, set, hp, epoch, number }) {
  switch (quantity) {
    case "count":
      return `(digits == ${number}).sum(axis=1)`;
    case "place":
      return `digits[:, ${number}]`;
    case "channels":
      return "np.array(CHANNELS)[digits].sum(axis=1)";
    case "rank":
      return `rank(${column({ quantity: "accuracy", dataset, set, hp, epoch })})`;
    case "time":
      return `batch.column(${text(dataset)}, "train", "all_time", ${text(hp)}, ${epoch})[index]`;
    case "accuracy":
    case "loss":
      return `batch.column(${text(dataset)}, ${text(set)}, ${text(quantity)}, ${text(hp)}, ${epoch})[index]`;
    default:
      return `batch.get_cost_info(index, ${text(dataset)}, ${text(hp)})[${text(quantity)}]`;
  }
}

/** A Python string: JSON's escapes are Python's, for all that a name of a file may have. */
function text(value) {
  return JSON.stringify(value);
}
