// The table of systems by language pairs: sorted, filtered, shaded; a cell opens by click or Enter, arrows move.
function sortBy(key) {
  if (state.sort === key) state.descending = !state.descending;
  else [state.sort, state.descending] = [key, key !== "system" && key !== "rank" && key !== "gap"];
  drawTable();
  document.querySelector(`#board th[data-key="${CSS.escape(key)}"] button`).focus();
}

function heading(key, text, className, title, rowSpan) {
  const sorted = state.sort === key;
  return h("th", {
    scope: "col", class: className, "data-key": key, rowspan: rowSpan,
    "aria-sort": sorted ? (state.descending ? "descending" : "ascending") : null,
  }, h("button", { type: "button", title, click: () => sortBy(key) }, text,
    h("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (state.descending ? " ▼" : " ▲") : "")));
}

function headings(shown) {
  const group = (text, span, className) => (span ? h("th", { scope: "colgroup", colspan: span, class: "group " + className }, text) : null);
  const last = (place) => (place === AVERAGES.length - 1 ? "last" : "");
  const hidden = columns.length - shown.length;
  return h("thead", {},
    h("tr", {},
      h("th", { class: "rank" }), h("th", { class: "system" }),
      group(`means over all ${columns.length} pairs`, AVERAGES.length, "last"),
      group(hidden ? `language pairs, ${shown.length} of ${columns.length} shown` : "language pairs", shown.length, "")),
    h("tr", {},
      heading("rank", "#", "rank", `rank by ${state.by}`),
      heading("system", "system", "system"),
      AVERAGES.map(([key, text], place) => heading(key, text, last(place), {
        macro: "mean over all pairs", high: "mean over high-resource pairs", low: "mean over low-resource pairs",
        gap: "high minus low: smaller is more even",
      }[key])),
      shown.map((column) => heading(column.id, said(header(column), 30), "", `${visible(languages(column))}, ${column.tier}-resource`))));
}

// How the best value of every column looks, where there is more than one.
function bestShown(rows, keys) {
  return new Map(keys.map((key) => {
    const values = rows.map((row) => valueOf(row, key)).filter((value) => value !== null);
    return [key, values.length > 1 ? score(Math.max(...values)) : null];
  }));
}

function number(row, key, best) {
  const value = valueOf(row, key);
  const ends = state.intervals && endsOf(row, key);
  const text = score(value);
  return [
    h("span", { class: key !== "gap" && text === best.get(key) ? "best" : null }, text || NOTHING),
    key in row.averages[state.measure] && key !== "macro" ? null
      : h("span", { class: "mark", "aria-hidden": "true" }, sameAsBest(row, key) ? "≈" : ""),
    ends ? h("span", { class: "ends" }, interval(ends)) : null,
  ];
}

function described(row, column, cell) {
  const value = cell.state === "done" ? `${state.measure} ${score(cell.means[state.measure])}` : cell.state;
  const mark = sameAsBest(row, column.id) ? ", not distinguishable from the best row" : "";
  return visible(`${shortened(row.label)}, ${languages(column)}: ${value}${mark}. Open details`);
}

function scoreCell(row, column, best, range) {
  const cell = cellOf(row, column.id);
  const done = cell.state === "done";
  const [low, high] = range;
  const value = cell.means[state.measure];
  const open = { type: "button", tabindex: -1, "aria-label": described(row, column, cell), click: () => openCell(row, column) };
  return h("td", {
    class: done && state.heat ? "shaded" : null,
    style: done && state.heat ? shade(high > low ? (value - low) / (high - low) : 0.5) : null,
  }, done ? h("button", { ...open, class: "cell" }, number(row, column.id, best))
    : h("button", { ...open, class: "cell state " + cell.state.replace(" ", "-"), title: plain(cell.reason, 300) }, STATES[cell.state]));
}

function rangeOf(rows, shown) {
  const values = rows.flatMap((row) => shown.map((column) => valueOf(row, column.id))).filter((value) => value !== null);
  return values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
}

function drawTable() {
  const [rows, shown] = [shownRows(), shownColumns()];
  const best = bestShown(board.rows, [...AVERAGES.map(([key]) => key), ...shown.map((column) => column.id)]);
  const range = rangeOf(board.rows, columns);
  const body = h("tbody", {}, rows.map((row) => h("tr", {},
    h("td", { class: "rank" }, rankOf(row) === null ? NOTHING : String(rankOf(row))),
    h("th", { scope: "row", class: "system" },
      h("button", { type: "button", title: row.label.length > LONGEST_NAME ? visible(row.label) : null, click: () => openRow(row) }, said(row.label)),
      row.submitted ? h("span", { title: "submitted: the run of another tool" }, " †") : null),
    AVERAGES.map(([key], place) => h("td", { class: `${key}${place === AVERAGES.length - 1 ? " last" : ""}` }, number(row, key, best))),
    shown.map((column) => scoreCell(row, column, best, range)))));
  const made = h("table", { class: state.heat ? "heat" : null }, headings(shown), body);
  document.getElementById("board").replaceChildren(made);
  const first = made.querySelector(".cell");
  if (first) first.tabIndex = 0;
  document.getElementById("shown").textContent =
    `${rows.length} of ${board.rows.length} systems, ${shown.length} of ${columns.length} language pairs.`;
  document.getElementById("scale").replaceChildren(...(state.heat ? scaleOf(range) : []));
}

function scaleOf([low, high]) {
  const stops = Array.from({ length: 9 }, (_, place) => shade(place / 8)["background-color"]);
  return [score(low), h("i", { style: { "background-image": `linear-gradient(to right, ${stops.join(", ")})` } }), score(high)];
}

// One cell is in the tab order; arrows, Home and End move to the others.
function moveInTable(event) {
  const from = event.target.closest(".cell");
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -1e6], End: [0, 1e6] };
  if (!from || !(event.key in steps)) return;
  const rows = [...document.querySelectorAll("#board tbody tr")].map((row) => [...row.querySelectorAll(".cell")]);
  const y = rows.findIndex((row) => row.includes(from));
  const x = rows[y].indexOf(from);
  const within = (value, length) => Math.min(length - 1, Math.max(0, value));
  const to = rows[within(y + steps[event.key][0], rows.length)][within(x + steps[event.key][1], rows[y].length)];
  event.preventDefault();
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
  to.scrollIntoView({ block: "nearest", inline: "center" });
}
