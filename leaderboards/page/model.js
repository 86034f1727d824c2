// The document, and what is looked up in it.
const board = JSON.parse(document.getElementById("document").textContent);
const columns = board.collections.filter((one) => !one.missing);
const absent = board.collections.filter((one) => one.missing);
const pairCounts = new Map();
for (const one of board.collections) pairCounts.set(one.pair, (pairCounts.get(one.pair) || 0) + 1);

const AVERAGES = [["macro", "macro"], ["high", "high"], ["low", "low"], ["gap", "gap"]];
const COSTS = [
  ["latency_p50_ms", "median latency", "ms", 1],
  ["search_peak_memory_bytes", "peak memory in search", "MiB", 2 ** -20],
  ["index_bytes", "index size", "MiB", 2 ** -20],
];
const ALL_COSTS = [
  ["index_seconds", "index s", 1], ["index_bytes", "index MiB", 2 ** -20],
  ["index_peak_memory_bytes", "index peak MiB", 2 ** -20], ["search_seconds", "search s", 1],
  ["search_peak_memory_bytes", "search peak MiB", 2 ** -20], ["queries_per_second", "queries/s", 1],
  ["latency_p50_ms", "p50 ms", 1], ["latency_p95_ms", "p95 ms", 1],
];
const STATES = { "failed": "failed", "not applicable": "n/a", "missing data": "no data", "not run": NOTHING };

const state = {
  measure: board.measures[0], by: "mean", sort: "rank", descending: false,
  systems: "", pairs: "", tier: "", heat: true, intervals: false,
};

const placeOf = (row) => board.rows.indexOf(row);
const arrow = (pair) => (pair.includes("→") ? pair : pair.replace("-", "→"));
const header = (column) => (pairCounts.get(column.pair) === 1 ? arrow(column.pair) : column.id);
const languages = (column) => `${column.query_language} to ${column.document_language}`;
const cellOf = (row, collection) => row.cells[columns.findIndex((one) => one.id === collection)];

// The mean of a row on a collection or an average of it, and its interval; null and undefined where there is none.
function valueOf(row, key, measure = state.measure) {
  if (key in row.averages[measure]) return row.averages[measure][key];
  const mean = cellOf(row, key).means[measure];
  return mean === undefined ? null : mean;
}

function endsOf(row, key, measure = state.measure) {
  if (key in row.averages[measure]) return (row.average_intervals[measure] || {})[key];
  return cellOf(row, key).intervals[measure];
}

// A row against the best row or the baseline, macro-averaged or on a collection; null where they were not compared.
function comparison(row, key, reference, measure = state.measure) {
  const tests = board.tests[measure];
  const found = tests && tests.rows[row.label] && tests.rows[row.label][reference];
  if (!found) return null;
  return key === "macro" ? found.macro : found.pairs[key] || null;
}

function sameAsBest(row, key) {
  const found = comparison(row, key, "best");
  return found !== null && !found.significant;
}

function rankOf(row) {
  const ranks = row.ranks[state.measure];
  return ranks ? ranks[state.by] : null;
}

const contains = (text, part) => text.toLocaleLowerCase().includes(part.trim().toLocaleLowerCase());

function shownColumns() {
  return columns.filter((one) => (!state.tier || one.tier === state.tier)
    && [one.id, one.pair, header(one), languages(one)].some((text) => contains(text, state.pairs)));
}

function shownRows() {
  const rows = board.rows.filter((row) => contains(row.label, state.systems) || contains(row.system, state.systems));
  const key = (row) => (state.sort === "rank" ? rankOf(row) : valueOf(row, state.sort));
  const sign = state.descending ? -1 : 1;
  if (state.sort === "system") return rows.sort((a, b) => sign * a.label.localeCompare(b.label, "en"));
  return rows.sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (left - right);
  });
}
