// Colors of points and lines, for light and dark pages.

const RAMPS = {
  light: ["#440154", "#3b528b", "#21818c", "#2e9b52", "#c08a00"],
  dark: ["#8a6cff", "#5b93e8", "#2cb3a6", "#7ad151", "#fde725"],
};
const LISTS = {
  light: ["#0b62a4", "#c2410c", "#15803d", "#a21caf", "#8a6100", "#0e7490", "#b91c1c", "#4b5563"],
  dark: ["#60a5fa", "#fb923c", "#4ade80", "#e879f9", "#facc15", "#22d3ee", "#f87171", "#9ca3af"],
};

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Colors that tell up to eight things apart. */
export function distinct() {
  return LISTS[isDark() ? "dark" : "light"];
}

/** The stops of a ramp from low to high. */
export function ramp() {
  return RAMPS[isDark() ? "dark" : "light"];
}

/** 256 colors as RGB bytes: a ramp, or `count` distinct ones side by side. */
export function palette(count = 0) {
  const bytes = new Uint8Array(768);
  const list = (count ? distinct() : ramp()).map(rgb);
  for (let at = 0; at < 256; at++) {
    const place = (at / 255) * (list.length - 1);
    const low = Math.min(Math.floor(place), list.length - 2);
    for (let part = 0; part < 3; part++) {
      bytes[3 * at + part] = count
        ? list[Math.min(Math.floor((at / 256) * count), count - 1) % list.length][part]
        : list[low][part] + (list[low + 1][part] - list[low][part]) * (place - low);
    }
  }
  return bytes;
}

function rgb(text) {
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}
