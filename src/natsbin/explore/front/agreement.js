// How far datasets, hyper-parameters and epochs agree on the order of architectures.

import { legend, lines } from "./charts.js";
import { distinct } from "./colors.js";
import { json } from "./data.js";
import { choice, h } from "./dom.js";
import { state, update } from "./state.js";

export class AgreementView {
  constructor() {
    this.element = h("div", { class: "agreement" });
  }

  async show(space) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    if (this.space !== space) this.element.replaceChildren(h("p", {}, "Computing rank correlations…"));
    this.space = space;
    const { hps, name } = space.about;
    const hp = state.hp in hps ? state.hp : space.lastHp;
    const { columns, tau } = await json(`data/${name}/agreement.json`);
    if (turn !== this.turn) return;
    const label = ({ hp: one, dataset, set }) => `${dataset} ${set}, hp ${one}`;
    const head = h("tr", {}, h("td"), columns.map((one) => h("th", { scope: "col" }, h("span", {}, label(one)))));
    const body = tau.map((row, at) => h("tr", {}, h("th", { scope: "row" }, label(columns[at])), row.map((value) => {
      const cell = h("td", { class: "number", title: value === null ? "missing" : String(value) }, value === null ? "–" : value.toFixed(2));
      if (value !== null) cell.dataset.level = Math.max(0, Math.min(9, Math.floor(value * 10)));
      return cell;
    })));
    const chart = h("div", {}, h("p", {}, "Computing…"));
    this.element.replaceChildren(
      h("h2", {}, "Rank agreement between datasets and hyper-parameters"),
      h("p", { class: "note" }, "Kendall's τ of the accuracies after the last epoch, over all architectures: 1 is the same order, 0 none."),
      h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Rank correlations" }, h("table", { class: "matrix" }, h("thead", {}, head), h("tbody", {}, body))),
      h("h2", {}, "Rank agreement of epochs with the last"),
      h("p", { class: "note" }, "Kendall's τ of the accuracy at an epoch with the last test accuracy of the same dataset."),
      choice("hp", Object.keys(hps).map((one) => [one, one]), hp, (one) => update({ hp: one })), chart);
    const series = [];
    const datasets = Object.keys(hps[hp].datasets);
    for (const [at, dataset] of datasets.entries()) {
      const { epochs, lines: own } = await json(`data/${name}/${hp}/${dataset}/agreement.json`);
      if (turn !== this.turn) return;
      for (const { set, tau: values } of own) {
        const dash = set === "train" ? "5 3" : null;
        series.push({ label: `${dataset} ${set}${dash ? " (dashed)" : ""}`, color: distinct()[at], dash, x: epochs.map((epoch) => epoch + 1), y: values.map((value) => value ?? NaN) });
      }
    }
    chart.replaceChildren(lines(series, { xLabel: "epochs", yLabel: "Kendall's τ", label: `Rank agreement of epochs, hp ${hp}`, width: 640, height: 320 }), legend(series.map((one) => [one.color, one.label])));
  }
}
