/* All of it, at the beginning and whenever the reader chooses otherwise. */

let later = 0;

function draw() {
  choose();
  drawStrips();
  drawScatter();
  drawBest();
  showDrawings();
  clearTimeout(later);
  later = setTimeout(drawHeat, 30);
}

function options(select, place, redraw) {
  let group = null;
  columns.forEach((column, i) => {
    if (group?.label !== column.group) select.append((group = element("optgroup", { label: column.group })));
    group.append(element("option", { value: i }, column.name));
  });
  select.value = place;
  select.onchange = redraw;
}

function begin() {
  for (const name of FILTERS) {
    const { names, of } = fields[name];
    const counts = new Array(names.length).fill(0);
    for (const value of of) counts[value]++;
    const text = (i) => `${name === "recipe" ? recipes[i].name : names[i]} (${counts[i].toLocaleString("en")})`;
    at(name).append(element("option", { value: "" }, "all"));
    names.forEach((_, i) => at(name).append(element("option", { value: i }, text(i))));
    at(name).parentElement.hidden = names.length < 2;
    at(name).onchange = draw;
  }
  recipes.forEach((recipe, i) => at("legend").append(element("span", {}, dot(i), recipe.name)));
  const [first, second = first] = content.headline;
  options(at("strip-score"), first, drawStrips);
  options(at("x"), first, drawScatter);
  options(at("y"), second, drawScatter);
  options(at("best-score"), first, drawBest);
  let typing = 0;
  at("text").oninput = () => {
    clearTimeout(typing);
    typing = setTimeout(draw, 120);
  };
  const form = document.querySelector(".filters");
  form.onsubmit = (event) => event.preventDefault();
  form.onreset = () => setTimeout(draw);
  for (const figure of document.querySelectorAll("#drawings figure")) {
    const run = +figure.dataset.run;
    figure.querySelector(".dot").replaceWith(dot(recipeOf(run)));
    figure.querySelector(".told").textContent = [recipes[recipeOf(run)].name, ...told(run, false)].join(", ");
  }
  let wide = innerWidth;
  addEventListener("resize", () => {
    if (wide === innerWidth) return; // on a telephone the address bar comes and goes
    wide = innerWidth;
    drawStrips();
    drawScatter();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
}

if (document.querySelector(".filters")) begin();
addEventListener("scroll", () => (at("tip").hidden = true), { passive: true });
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => (d.open = true)));
