// Elements without HTML text: what a store contains reaches the page as text only.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "line", "circle", "rect", "text", "polyline", "polygon", "marker", "defs"]);

/** An element. Attributes that are functions are listeners (`onclick`), and `false` or null leaves one out. */
export function h(tag, attributes = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A labelled choice. `options` are [value, text] pairs. */
export function choice(label, options, value, onchange, attributes = {}) {
  const list = options.map(([key, text]) => h("option", { value: key, selected: String(key) === String(value) }, String(text)));
  return h("label", {}, h("span", {}, label), h("select", { ...attributes, onchange: (event) => onchange(event.target.value) }, list));
}

/** A number for people: up to five digits. The exact one goes into a title. */
export function short(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(2);
  return String(Number(value.toPrecision(5)));
}

/** Hand a file to the user. */
export function download(name, content, type) {
  const link = h("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** A color of the current theme. */
export function themeColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
