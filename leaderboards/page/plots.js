// Interval bars, effectiveness against cost, and robustness curves, drawn as SVG. Each has its numbers as a table.
const plotted = { key: "macro", cost: COSTS[0][0] };

function figure(title, width, height, content) {
  return h("figure", {}, svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, style: { "max-width": `${width}px` } },
    svg("title", {}, title), content));
}

const widthOf = (place) => Math.max(300, Math.min(760, place.clientWidth - 18));
const numbers = (caption, headers, rows) => h("details", {}, h("summary", {}, "The numbers"), table(caption, headers, rows));

function labelled(x, y, text, most, anchor = "start") {
  return svg("text", { class: "label", x, y, "text-anchor": anchor }, plain(text, most), svg("title", {}, plain(text, 1000)));
}

function drawIntervals() {
  const rows = shownRows().filter((row) => valueOf(row, plotted.key) !== null);
  const name = plotted.key in board.rows[0].averages[state.measure] ? plotted.key : header(columns.find((one) => one.id === plotted.key));
  const title = `${state.measure}, ${name}, with 95 % intervals`;
  const place = document.getElementById("intervals");
  if (!rows.length) return place.replaceChildren(h("p", { class: "quiet" }, "No shown system has a value here."));
  const width = widthOf(place);
  const [left, right, line] = [width < 480 ? 130 : 190, 52, 26];
  const height = rows.length * line + 34;
  const all = rows.flatMap((row) => [valueOf(row, plotted.key), ...(endsOf(row, plotted.key) || [])]);
  const high = Math.max(...all) || 1;
  const low = start(Math.min(...all), high);
  const x = (value) => left + ((value - low) / (high - low)) * (width - left - right);
  const content = [
    ticks(low, high, 5).map((value) => [
      svg("line", { class: "grid", x1: x(value), x2: x(value), y1: 4, y2: height - 28 }),
      svg("text", { class: "axis", x: x(value), y: height - 12, "text-anchor": "middle" }, String(value))]),
    rows.map((row, index) => {
      const y = 4 + line * (index + 0.5);
      const ends = endsOf(row, plotted.key);
      const value = valueOf(row, plotted.key);
      return [
        labelled(left - 10, y + 4, row.label, Math.floor((left - 12) / 7.4), "end"),
        ends ? svg("line", { class: "whisker", x1: x(ends[0]), x2: x(ends[1]), y1: y, y2: y }) : null,
        svg("circle", { class: "dot", cx: x(value), cy: y, r: 4.5 }, svg("title", {}, `${score(value)} (${interval(ends)})`)),
        svg("text", { class: "axis", x: width - 4, y: y + 4, "text-anchor": "end" }, score(value)),
      ];
    }),
  ];
  place.replaceChildren(figure(title, width, height, content),
    numbers(title, ["system", "mean", "95 % interval"], rows.map((row) => [said(row.label), score(valueOf(row, plotted.key)), interval(endsOf(row, plotted.key))])));
}

// Labels beside their points, above or below; one that would run into another or over a point is left out.
function beside(points, width) {
  const put = points.map((one) => ({ from: one.x - 6, to: one.x + 6, y: one.y + 4 }));
  for (const one of points) {
    const length = Math.min(30, one.text.length) * 6.6;
    const places = [1, -1].flatMap((side) => [-7, 16].map((down) => ({
      text: one.text, anchor: side > 0 ? "start" : "end", x: one.x + 8 * side, y: one.y + down,
      from: side > 0 ? one.x + 8 : one.x - 8 - length, to: side > 0 ? one.x + 8 + length : one.x - 8,
    })));
    const free = places.find((place) => place.from >= 0 && place.to <= width
      && put.every((other) => Math.abs(other.y - place.y) >= 14 || place.from > other.to || other.from > place.to));
    if (free) put.push(free);
  }
  return put.slice(points.length);
}

// Where an axis starts: at 0, unless all values are far from it.
const start = (low, high) => (low > 0.6 * high && high > low ? Math.max(0, low - 0.3 * (high - low)) : Math.min(0, low));

function drawPareto() {
  const [cost, name, unit, factor] = COSTS.find(([key]) => key === plotted.cost);
  const points = shownRows().map((row) => ({ row, value: valueOf(row, "macro"), spent: row.costs[cost] * factor, front: row.pareto[state.measure].includes(cost) }))
    .filter((one) => one.value !== null && one.spent > 0);
  const place = document.getElementById("pareto");
  const title = `${state.measure} (macro) against ${name}; filled: no other system is as good and costs less`;
  if (!points.length) return place.replaceChildren(h("p", { class: "quiet" }, "No shown system has both a mean over all pairs and this cost."));
  const [width, height, left, right, top, bottom] = [widthOf(place), 390, 42, 24, 14, 46];
  const logs = points.map((one) => Math.log10(one.spent));
  const [low, high] = [Math.min(...logs) - 0.15, Math.max(...logs) + 0.15];
  const values = points.map((one) => one.value);
  const base = start(Math.min(...values), Math.max(...values));
  const most = base + (Math.max(...values) - base) * 1.08 || 1;
  const x = (value) => left + ((Math.log10(value) - low) / (high - low)) * (width - left - right);
  const y = (value) => height - bottom - ((value - base) / (most - base)) * (height - top - bottom);
  const marks = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    for (const step of high - low > 2.2 ? [1] : width < 480 ? [1, 3] : [1, 2, 5]) {
      const value = step * 10 ** power;
      if (Math.log10(value) >= low && Math.log10(value) <= high) marks.push(value);
    }
  }
  const front = points.filter((one) => one.front).sort((a, b) => a.spent - b.spent);
  const path = front.map((one, index) => (index ? `H${x(one.spent)}V${y(one.value)}` : `M${x(one.spent)} ${y(one.value)}`)).join("");
  const labels = beside([...front, ...points.filter((one) => !one.front)].map((one) => ({ text: one.row.label, x: x(one.spent), y: y(one.value) })), width);
  const content = [
    ticks(base, most, 5).map((value) => [
      svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svg("text", { class: "axis", x: left - 8, y: y(value) + 4, "text-anchor": "end" }, String(value))]),
    marks.map((value) => [
      svg("line", { class: "grid", x1: x(value), x2: x(value), y1: top, y2: height - bottom }),
      svg("text", { class: "axis", x: x(value), y: height - bottom + 16, "text-anchor": "middle" }, amount(value))]),
    svg("text", { class: "axis", x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, `${name}, ${unit} (logarithmic)`),
    svg("path", { class: "front", d: path || "M0 0" }),
    points.map((one) => svg("circle", { class: one.front ? "dot" : "other", cx: x(one.spent), cy: y(one.value), r: 5 },
      svg("title", {}, `${plain(one.row.label)}: ${score(one.value)}, ${amount(one.spent)} ${unit}`))),
    labels.map((one) => labelled(one.x, one.y, one.text, 30, one.anchor)),
  ];
  place.replaceChildren(figure(title, width, height, content), h("p", { class: "quiet" }, "Filled points, on the dashed line: no other system is as good and costs less (Pareto front)."),
    numbers(title, ["system", "mean", `${name}, ${unit}`, "on the front"], points.map((one) => [said(one.row.label), score(one.value), amount(one.spent), one.front ? "yes" : "no"])));
}

// Means by rate of a kind of perturbation, over its collections, of the rows with a result on all of them at every rate.
function curvesOf(kind) {
  const tracks = board.tracks.filter((one) => one.kind === kind && state.measure in one.means);
  const rates = [...new Set([0, ...tracks.map((one) => one.rate)])].sort((a, b) => a - b);
  const over = columns.filter((column) => tracks.some((one) => one.collection === column.id));
  const at = (row, column, rate) => (rate === 0 ? cellOf(row, column.id)
    : tracks.find((one) => one.row === row.label && one.collection === column.id && one.rate === rate));
  return shownRows().map((row) => ({ row, points: rates.map((rate) => {
    const found = over.map((column) => at(row, column, rate));
    const whole = found.every((one) => one && state.measure in one.means);
    return [rate, whole ? found.reduce((sum, one) => sum + one.means[state.measure], 0) / found.length : null];
  }) })).filter((one) => rates.length > 1 && one.points.every(([, value]) => value !== null));
}

function robustnessCurves(kind, width) {
  const curves = curvesOf(kind);
  if (!curves.length) return null;
  const [height, left, right, top, bottom] = [260, 42, 150, 10, 40];
  const furthest = curves[0].points.at(-1)[0] || 1;
  const most = Math.max(...curves.flatMap((one) => one.points.map(([, value]) => value))) * 1.05 || 1;
  const x = (rate) => left + (rate / furthest) * (width - left - right);
  const y = (value) => height - bottom - (value / most) * (height - top - bottom);
  const title = `${state.measure} by rate of ${visible(kind).replace("_", " ")}`;
  const ends = curves.map((one) => ({ one, y: y(one.points.at(-1)[1]) + 4 })).sort((a, b) => a.y - b.y);
  ends.forEach((end, place) => { if (place) end.y = Math.max(end.y, ends[place - 1].y + 14); });
  return h("div", {}, h("h3", {}, title), figure(title, width, Math.max(height, ends.at(-1).y + 12), [
    ticks(0, most, 5).map((value) => [
      svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svg("text", { class: "axis", x: left - 8, y: y(value) + 4, "text-anchor": "end" }, String(value))]),
    curves[0].points.map(([rate]) => svg("text", { class: "axis", x: x(rate), y: height - bottom + 16, "text-anchor": "middle" }, String(rate))),
    svg("text", { class: "axis", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "rate; 0: queries as they are"),
    curves.map((one) => [
      svg("path", { class: "line", d: one.points.map(([rate, value], place) => `${place ? "L" : "M"}${x(rate)} ${y(value)}`).join("") }),
      one.points.map(([rate, value]) => svg("circle", { class: "dot", cx: x(rate), cy: y(value), r: 3.5 }, svg("title", {}, `${plain(one.row.label)}, rate ${rate}: ${score(value)}`)))]),
    ends.map((end) => labelled(width - right + 10, end.y, end.one.row.label, 19)),
  ]));
}

// Differences of queries, largest first, as bars above and below a line.
function differenceBars(values, title) {
  const [width, height] = [860, 110];
  const most = Math.max(...values.map(Math.abs)) || 1;
  const step = width / values.length;
  const path = (sign) => values.map((value, index) => {
    if (value * sign <= 0) return "";
    const size = Math.max(0.6, (Math.abs(value) / most) * (height / 2 - 2));
    return `M${(index * step).toFixed(2)} ${height / 2}h${(step * (step > 3 ? 0.8 : 1)).toFixed(2)}v${(-sign * size).toFixed(2)}h${(-step * (step > 3 ? 0.8 : 1)).toFixed(2)}z`;
  }).join("");
  return figure(title, width, height, [
    svg("line", { class: "grid", x1: 0, x2: width, y1: height / 2, y2: height / 2 }),
    svg("path", { class: "win", d: path(1) || "M0 0" }), svg("path", { class: "loss", d: path(-1) || "M0 0" })]);
}
