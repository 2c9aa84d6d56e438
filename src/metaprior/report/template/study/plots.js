/* How a score spreads: a strip of dots for each cohort. All are laid out before the first is drawn, since a name widens
   the column of names. */

function drawStrips() {
  const column = columns[at("strip-score").value];
  const values = valuesOf(column);
  const runs = having(chosen, values);
  const cohorts = new Map();
  for (const run of runs) {
    const cohort = fields.cohort.of[run];
    cohorts.has(cohort) ? cohorts.get(cohort).push(run) : cohorts.set(cohort, [run]);
  }
  const group = element("div", { class: "strip-group" });
  at("strips").replaceChildren(group);
  if (!runs.length) return group.replaceWith(element("p", { class: "note" }, NONE));
  const [low, high] = extent(values, runs);
  const palette = colours();
  const across = (value, width) => 5 + ((value - low) / (high - low)) * (width - 10);
  const axes = [element("div", { class: "axis-row" }), element("div", { class: "axis-row" })];
  const headed = [...cohorts.keys()].some((cohort) => fields.cohort.names[cohort]);
  const strips = [];
  let before = null;
  group.append(axes[0]);
  for (const [cohort, members] of [...cohorts].sort((a, b) => a[0] - b[0])) {
    const recipe = recipeOf(members[0]);
    const words = fields.cohort.names[cohort];
    if (recipe !== before && headed) group.append(element("b", {}, dot(recipe), recipes[recipe].name));
    before = recipe;
    const sorted = members.map((run) => values[run]).sort((a, b) => a - b);
    const middle = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
    const label = `${recipes[recipe].name} ${words}: median ${shown(middle)}`;
    const canvas = element("canvas", { role: "img", "aria-label": label });
    const name = element("span", {}, ...(headed ? [words || "one setting"] : [dot(recipe), recipes[recipe].name]));
    const count = element("small", {}, ` ${members.length.toLocaleString("en")} run${members.length > 1 ? "s" : ""}`);
    const median = element("data", { value: middle }, shown(middle));
    group.append(name, canvas, element("span", { class: "middle" }, median, count));
    strips.push([canvas, members, middle]);
  }
  group.append(axes[1]);
  for (const row of axes) {
    const width = row.getBoundingClientRect().width;
    for (const [value, text] of ticks(low, high)) {
      const label = element("i", {}, text);
      label.style.left = `${across(value, width)}px`;
      row.append(label);
    }
  }
  for (const [canvas, members, middle] of strips) {
    const { draw, width, height } = pen(canvas);
    draw.globalAlpha = members.length > 400 ? 0.35 : members.length > 60 ? 0.55 : 0.85;
    const dots = members.map((run, i) => [across(values[run], width), 5 + ((i * 0.618034) % 1) * (height - 10), run]);
    for (const [x, y, run] of dots) mark(draw, x, y, recipeOf(run), palette, members.length > 60 ? 2.2 : 3);
    draw.globalAlpha = 1;
    draw.fillStyle = palette.ink;
    draw.fillRect(across(middle, width) - 1, 1, 2, height - 2);
    point(canvas, dots, (run) => [line(column, run)]);
  }
}

/* One score against another. */

function drawScatter() {
  const [x, y] = [columns[at("x").value], columns[at("y").value]];
  const [xs, ys] = [valuesOf(x), valuesOf(y)];
  const runs = having(chosen, xs, ys);
  const { draw, width, height } = pen(at("scatter"));
  const palette = colours();
  const many = (count) => count.toLocaleString("en");
  const rho = spearman(runs.map((run) => xs[run]), runs.map((run) => ys[run]));
  at("scatter-note").textContent =
    `${many(runs.length)} of the ${many(chosen.length)} chosen runs have both scores` +
    (Number.isFinite(rho) ? `; over all of them the rank correlation is ${signed(rho)}.` : ".");
  point(at("scatter"), [], () => []);
  at("tip").hidden = true;
  if (!runs.length) return;
  const [left, right, top, bottom] = [64, width - 18, 16, height - 46];
  const [lowX, highX] = extent(xs, runs);
  const [lowY, highY] = extent(ys, runs);
  const toX = (value) => left + ((value - lowX) / (highX - lowX)) * (right - left);
  const toY = (value) => bottom - ((value - lowY) / (highY - lowY)) * (bottom - top);
  draw.font = `12px ${getComputedStyle(document.documentElement).fontFamily}`;
  draw.strokeStyle = palette.line;
  draw.fillStyle = palette.muted;
  draw.lineWidth = 1;
  draw.textAlign = "center";
  for (const [value, text] of ticks(lowX, highX, Math.max(2, Math.min(8, width / 110)))) {
    draw.strokeRect(toX(value), top, 0, bottom - top);
    draw.fillText(text, toX(value), bottom + 16);
  }
  draw.textAlign = "right";
  for (const [value, text] of ticks(lowY, highY)) {
    draw.strokeRect(left, toY(value), right - left, 0);
    draw.fillText(text, left - 8, toY(value) + 4);
  }
  draw.fillStyle = palette.ink;
  draw.textAlign = "center";
  draw.fillText(x.name, (left + right) / 2, height - 10, right - left);
  draw.translate(15, (top + bottom) / 2);
  draw.rotate(-Math.PI / 2);
  draw.fillText(y.name, 0, 0, bottom - top);
  draw.rotate(Math.PI / 2);
  draw.translate(-15, -(top + bottom) / 2);
  draw.globalAlpha = runs.length > 3000 ? 0.4 : runs.length > 300 ? 0.6 : 0.85;
  draw.lineWidth = 1.2;
  const size = runs.length > 3000 ? 2 : runs.length > 300 ? 2.6 : 3.5;
  const dots = runs.map((run, i) => [toX(xs[run]), toY(ys[run]), run, (i * 0.618034) % 1]);
  for (const [px, py, run] of [...dots].sort((a, b) => a[3] - b[3])) mark(draw, px, py, recipeOf(run), palette, size);
  point(at("scatter"), dots, (run) => [line(x, run), line(y, run)]);
}
