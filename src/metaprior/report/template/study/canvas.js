/* Colours, and canvases that are as sharp as the screen. */

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { ink: of("--ink"), muted: of("--muted"), line: of("--line"), runs: recipes.map((r) => of(`--run${r.hue}`)) };
}

function pen(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const draw = canvas.getContext("2d");
  draw.scale(ratio, ratio);
  return { draw, width, height };
}

function mark(draw, x, y, recipe, palette, size) {
  draw.beginPath();
  draw.arc(x, y, size, 0, 2 * Math.PI);
  if (recipes[recipe].ring) {
    draw.strokeStyle = palette.runs[recipe];
    draw.stroke();
  } else {
    draw.fillStyle = palette.runs[recipe];
    draw.fill();
  }
}

function ticks(low, high, count = 6) {
  const step = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(step));
  const nice = [1, 2, 5, 10].find((m) => m * power >= step) * power;
  const found = [];
  for (let i = Math.ceil(low / nice - 1e-9); i * nice <= high + 1e-9 * nice; i++) found.push(i * nice);
  return found.map((value) => [value, (+value.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 6 })]);
}

function extent(values, runs) {
  let low = Infinity;
  let high = -Infinity;
  for (const run of runs) {
    low = Math.min(low, values[run]);
    high = Math.max(high, values[run]);
  }
  const room = high > low ? 0.03 * (high - low) : 0.05 * Math.abs(high) || 0.5;
  return [low - room, high + room];
}

const having = (runs, ...all) => runs.filter((run) => all.every((values) => Number.isFinite(values[run])));

/* The name of the run under the pointer. */

function point(canvas, dots, lines) {
  canvas.onmousemove = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let nearest = null;
    let least = 144;
    for (const each of dots) {
      const distance = (each[0] - x) ** 2 + (each[1] - y) ** 2;
      if (distance < least) [least, nearest] = [distance, each];
    }
    const tip = at("tip");
    tip.hidden = !nearest;
    if (!nearest) return;
    const run = nearest[2];
    const about = [...told(run), ids[run]].map((text) => element("small", {}, text));
    tip.replaceChildren(dot(recipeOf(run)), recipes[recipeOf(run)].name, ...about, ...lines(run));
    const fits = event.clientX + 14 + tip.offsetWidth < innerWidth;
    tip.style.left = `${Math.max(4, fits ? event.clientX + 14 : event.clientX - 14 - tip.offsetWidth)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 4)}px`;
  };
  canvas.onmouseleave = () => (at("tip").hidden = true);
}

const line = (column, run) =>
  element("div", {}, `${column.name} `, element("strong", {}, shown(valuesOf(column)[run])));
