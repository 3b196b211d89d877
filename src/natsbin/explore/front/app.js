// Starts the page: which space and view is shown, and the card beside it.

import { AgreementView } from "./agreement.js";
import { Card, CompareView, cardColumns } from "./card.js";
import { Space } from "./columns.js";
import { json } from "./data.js";
import { choice, h } from "./dom.js";
import { ExploreView } from "./explore.js";
import { onChange, read, state, update } from "./state.js";
import { SweepView } from "./sweep.js";

const at = (id) => document.getElementById(id);
let silence;

function say(text) {
  at("message").textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => (at("message").textContent = ""), 6000);
}

async function start() {
  const about = await json("data/manifest.json");
  const spaces = new Map(about.spaces.map((one) => [one.name, new Space(one)]));
  const card = new Card(at("card"), say);
  const views = { explore: new ExploreView(about, say), compare: new CompareView(), agreement: new AgreementView() };
  if (about.sweep) views.sweep = new SweepView(about.sweep, spaces);
  const names = { explore: "Explore", compare: "Compare", agreement: "Rank agreement", sweep: "Sweep" };
  let shown = null;

  /** What a link says, with what the store does not have replaced. */
  function fitting(wanted) {
    const name = spaces.has(wanted.space) ? wanted.space : about.spaces[0].name;
    const space = spaces.get(name);
    const defaults = { x: space.spec({ quantity: "flops" }), y: space.spec({ quantity: "accuracy" }), color: space.cells ? "count.3" : "channels" };
    const found = { ...wanted, space: name, view: wanted.view in views ? wanted.view : "explore" };
    for (const [key, otherwise] of Object.entries(defaults)) if (!space.parse(found[key])) found[key] = otherwise;
    found.limits = found.limits.filter(({ spec }) => space.parse(spec));
    found.places = Object.fromEntries(Object.entries(found.places).filter(([place]) => Number(place) < space.about.places.length));
    if (found.sort && found.sort !== "index" && !space.parse(found.sort)) found.sort = "";
    return found;
  }

  function heads() {
    at("space-choice").replaceChildren(about.spaces.length > 1
      ? choice("space", about.spaces.map((one) => [one.name, `${one.title} (${one.count.toLocaleString("en")})`]), state.space, (space) => update({ ...fitting({ ...read(""), space, view: state.view }) }))
      : h("span", {}, `${about.spaces[0].title} space`));
    at("views").replaceChildren(...Object.keys(views).map((view) => h("button", { type: "button", "aria-current": view === state.view ? "page" : null, onclick: () => update({ view }) },
      view === "compare" && state.compare.length ? `${names[view]} (${state.compare.length})` : names[view])));
  }

  async function show(changed) {
    const space = spaces.get(state.space);
    try {
      heads();
      await space.open();
      const view = views[state.view];
      const entered = shown !== view || !changed || changed.has("space");
      if (shown !== view) {
        views.sweep?.stop();
        shown = view;
        at("main-view").replaceChildren(view.element);
      }
      const busy = view.show(space, entered ? null : changed);
      if (entered || ["open", "hp", "curve", "compare", "y", "space", "theme"].some((name) => changed.has(name))) await card.show(space);
      await busy;
      document.body.dataset.ready = String(Number(document.body.dataset.ready ?? 0) + 1);
    } catch (error) {
      say(`This could not be loaded: ${error.message}`);
    }
  }

  at("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    restyle();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
  function restyle() {
    views.explore.restyle();
    show(new Set(["theme"]));
  }

  addEventListener("hashchange", () => {
    Object.assign(state, fitting(read(location.hash.slice(1))));
    show(null);
  });
  Object.assign(state, fitting(read(location.hash.slice(1))));
  onChange(show);
  await show(null);
  prefetch(spaces);
}

/** Load what a card needs while the page is idle, so that the first one opens at once. */
function prefetch(spaces) {
  const space = spaces.get(state.space);
  const specs = cardColumns(space, space.lastHp).flatMap(({ columns }) => Object.values(columns));
  const next = () => {
    const spec = specs.shift();
    if (spec) space.column(spec).then(() => (window.requestIdleCallback ?? setTimeout)(next), () => {});
    else document.body.dataset.prefetched = "yes";
  };
  next();
}

start().catch((error) => say(`The explorer cannot start: ${error.message}`));
