/* The best runs. */

function drawBest() {
  const column = columns[at("best-score").value];
  const values = valuesOf(column);
  const sign = column.less ? 1 : -1;
  const best = having(chosen, values).sort((a, b) => sign * (values[a] - values[b]) || a - b).slice(0, BEST);
  const scores = [column, ...content.headline.map((place) => columns[place]).filter((each) => each !== column)];
  const differs = (name) => new Set(fields[name].names).size > 1;
  const several = ["cohort", "data", "labels", "labeller"].filter(differs);
  const head = element("tr");
  for (const [name, kind] of [
    ["#", "n"],
    ["run", ""],
    ...scores.map((each) => [each.name, "n"]),
    ...[...several, "seed", "id"].map((each) => [each === "cohort" ? "choices" : each, ""]),
  ])
    head.append(element("th", { scope: "col", class: kind }, name));
  const body = element("tbody");
  best.forEach((run, i) => {
    const name = element("th", { scope: "row" }, dot(recipeOf(run)), recipes[recipeOf(run)].name);
    const row = element("tr", {}, element("td", { class: "n" }, `${i + 1}`), name);
    for (const each of scores) {
      const value = valuesOf(each)[run];
      const cell = element("td", { class: each === column ? "n by" : "n" });
      cell.append(Number.isFinite(value) ? element("data", { value }, shown(value)) : "–");
      row.append(cell);
    }
    for (const name of several) row.append(element("td", {}, nameOf(name, run)));
    row.append(element("td", {}, `${content.seeds[run]}`), element("td", {}, element("code", {}, ids[run])));
    body.append(row);
  });
  at("best").replaceChildren(element("thead", {}, head), body);
  at("best-note").textContent = best.length
    ? `${column.less ? "Less is better. " : ""}A run's folder is runs/ID; metaprior report runs/ID shows all of it.`
    : NONE;
}

function showDrawings() {
  if (!at("drawings")) return;
  const among = new Set(chosen);
  const figures = [...document.querySelectorAll("#drawings figure")];
  for (const figure of figures) figure.hidden = !among.has(+figure.dataset.run);
  for (const set of document.querySelectorAll("#drawings .of-data"))
    set.hidden = !set.querySelector("figure:not([hidden])");
  at("undrawn").hidden = !figures.length || figures.some((figure) => !figure.hidden);
}
