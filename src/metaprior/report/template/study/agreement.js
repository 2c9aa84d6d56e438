const FEWEST = 3; // of two runs every rank correlation is 1 or -1

/* Ranks, with ties at their mean, and how well two orders agree. */

function ranks(values) {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const found = new Float64Array(values.length);
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && values[order[j]] === values[order[i]]) j++;
    for (let k = i; k < j; k++) found[order[k]] = (i + j - 1) / 2;
    i = j;
  }
  return found;
}

function correlation(a, b) {
  const n = a.length;
  const mean = (n - 1) / 2; // of ranks
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) ** 2;
    bb += (b[i] - mean) ** 2;
  }
  return aa && bb ? ab / Math.sqrt(aa * bb) : NaN;
}

const spearman = (a, b) => correlation(ranks(a), ranks(b));

function agreement() {
  const sets = fields.data.names.map((_, set) => chosen.filter((run) => fields.data.of[run] === set));
  const common = new Map();
  const ranked = new Map();
  const remembered = (map, key, make) => (map.has(key) ? map.get(key) : map.set(key, make()).get(key));
  const both = (set, a, b) => {
    const [one, two] = [Math.min(a.block, b.block), Math.max(a.block, b.block)];
    return remembered(common, `${set} ${one} ${two}`, () => having(sets[set], valuesOf(a), valuesOf(b)));
  };
  const ranksOf = (set, column, other) =>
    remembered(ranked, `${set} ${columns.indexOf(column)} ${other.block}`, () => {
      const values = valuesOf(column);
      return ranks(both(set, column, other).map((run) => (column.less ? -values[run] : values[run])));
    });
  return (a, b) => sets.map((_, set) => [correlation(ranksOf(set, a, b), ranksOf(set, b, a)), both(set, a, b)]);
}

function drawHeat() {
  const rows = new Map();
  for (const column of columns.filter((each) => each.kind !== "test")) {
    const key = `${column.score}${column.shown}`;
    rows.has(key) ? rows.get(key).push(column) : rows.set(key, [column]);
  }
  const tests = content.tested.map((place) => columns[place]);
  at("agreement").hidden = !rows.size || !tests.length;
  if (at("agreement").hidden) return;
  const minus = (column) => (column.less ? "− " : "");
  const heads = tests.map((test) => element("th", { scope: "col" }, element("span", {}, minus(test) + test.name)));
  const agrees = agreement();
  const body = element("tbody");
  let before = null;
  let fewest = Infinity;
  let empty = 0;
  for (const members of rows.values()) {
    const behind = new Set(); // lists of runs, of which many cells share one
    const cells = tests.map((test) => {
      const found = members.flatMap((column) => agrees(column, test));
      const known = found.filter(([rho, runs]) => runs.length >= FEWEST && rho === rho);
      const none = "too few runs have both, or all are equal";
      if (!known.length) return element("td", { class: "low", title: none }, "·");
      fewest = Math.min(fewest, ...known.map(([, runs]) => runs.length));
      for (const [, runs] of known) behind.add(runs);
      const rhos = known.map(([rho]) => rho);
      const mean = rhos.reduce((sum, rho) => sum + rho, 0) / rhos.length;
      const span = `from ${signed(Math.min(...rhos))} to ${signed(Math.max(...rhos))}`;
      const title = known.length > 1 ? `mean of ${known.length}, ${span}` : `over ${known[0][1].length} runs`;
      const size = Math.min(1, Math.abs(mean));
      const kind = `${mean < 0 ? "against" : ""}${size < 0.05 ? " low" : ""}`.trim();
      const style = `--v:${size.toFixed(3)}`;
      return element("td", { class: kind, title, style }, element("data", { value: mean }, signed(mean)));
    });
    if (!cells.some((cell) => cell.firstElementChild)) {
      empty++;
      continue;
    }
    const [first] = members;
    const name = first.kind === "validation" ? first.name.replace(/, set \d+$/, "") : minus(first) + first.name;
    if (before !== null && first.group !== before) body.append(element("tr", { class: "gap" }, element("th")));
    before = first.group;
    const many = new Set([...behind].flat()).size.toLocaleString("en");
    body.append(element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "of" }, many), ...cells));
  }
  at("heat").style.setProperty("--columns", tests.length + 1);
  at("heat").replaceChildren(element("thead", {}, element("tr", {}, element("th"), element("th", { scope: "col" }, "runs"), ...heads)), body);
  at("heat").hidden = empty === rows.size;
  at("heat-note").textContent = Number.isFinite(fewest)
    ? `Blue agrees, brown disagrees. Runs: how many a row rests on, of all data sets and labelled sets; rows may rest on ` +
      `different ones. Behind each single correlation are at least ${fewest.toLocaleString("en")}.` +
      (empty ? ` Left out: ${empty} that fewer than ${FEWEST} of the chosen runs have.` : "")
    : `Fewer than ${FEWEST} of the chosen runs have both kinds of scores.`;
}
