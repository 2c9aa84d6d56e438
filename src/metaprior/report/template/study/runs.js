"use strict";
const content = JSON.parse(document.getElementById("content").textContent);
const { ids, fields, columns, blocks, recipes } = content;
const FILTERS = ["recipe", "data", "labels", "labeller"];
const BEST = 20;
const NONE = "None of the chosen runs has this score.";
const at = (id) => document.getElementById(id);

/* What is shown: numbers, elements, runs as words. */

function shown(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (value && size < 0.001) return value.toPrecision(2);
  return size < 10 ? value.toFixed(3) : size < 1000 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

const signed = (value) => value.toFixed(2).replace("-", "−");
const dot = (recipe) =>
  element("b", { class: `dot r${recipes[recipe].hue}${recipes[recipe].ring ? " ring" : ""}`, "aria-hidden": "true" });
const nameOf = (field, run) => fields[field].names[fields[field].of[run]];
const recipeOf = (run) => fields.recipe.of[run];

function told(run, data = fields.data.names.length > 1) {
  const labels = nameOf("labels", run);
  const labeller = nameOf("labeller", run);
  return [
    nameOf("cohort", run),
    data ? nameOf("data", run) : "",
    labels === "none" ? "" : `${labels} ${labeller} labels, set ${content.label_seeds[run]}`,
    `seed ${content.seeds[run]}`,
  ].filter(Boolean);
}

/* Scores: float32 of the runs that have one, laid out over all runs when they are first looked at. */

function floats(text) {
  return new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
}

function runsOf(block) {
  block.places ??= new Uint32Array(floats(block.runs).buffer);
  return block.places;
}

function valuesOf(column) {
  if (!column.all) {
    const values = floats(blocks[column.block].values[column.at]);
    column.all = new Float32Array(ids.length).fill(NaN);
    runsOf(blocks[column.block]).forEach((run, i) => (column.all[run] = values[i]));
  }
  return column.all;
}

/* Which runs: those that every filter and every typed word fits. */

let chosen = [];
let texts = null;

function textOf(run) {
  const pairs = nameOf("cohort", run).split(", ").map((words) => words.replace(" ", "="));
  const labels = nameOf("labels", run).replace(",", "");
  pairs.push(`seed=${content.seeds[run]}`, `labels=${labels}`, `labeller=${nameOf("labeller", run)}`);
  pairs.push(`label_seed=${content.label_seeds[run]}`);
  const words = [ids[run], nameOf("recipe", run), recipes[recipeOf(run)].name, nameOf("data", run), ...pairs];
  return ` ${words.join(" ")} `.toLowerCase();
}

function choose() {
  const words = at("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) texts ??= ids.map((_, run) => textOf(run));
  const wanted = FILTERS.filter((name) => at(name).value !== "").map((name) => [fields[name].of, +at(name).value]);
  const fits = (run) =>
    wanted.every(([of, value]) => of[run] === value) &&
    words.every((word) => texts[run].includes(word.includes("=") ? ` ${word} ` : word));
  chosen = [];
  for (let run = 0; run < ids.length; run++) if (fits(run)) chosen.push(run);
  const many = ids.length.toLocaleString("en");
  at("chosen").textContent =
    chosen.length === ids.length ? `all ${many} runs` : `${chosen.length.toLocaleString("en")} of ${many} runs`;
}
