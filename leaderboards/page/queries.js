// Query by query: scores of all rows, words of queries, and the documents at the top, unpacked when a cell opens.
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LEVELS = 4095;
const FIRST_SHOWN = 10;
let unpacked = null;

async function readDetails() {
  const text = document.getElementById("details").textContent.trim();
  if (!text) return null;
  const bytes = Uint8Array.from(atob(JSON.parse(text)), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

const details = () => (unpacked ||= readDetails());

// Two characters a score: its place from 0 to 4095, where the last one is the highest score that there can be.
function scoresOf({ highest, rows }, row) {
  const packed = rows[placeOf(row)];
  const scores = new Float64Array(packed.length / 2);
  for (let place = 0; place < scores.length; place += 1) {
    scores[place] = (highest * (DIGITS.indexOf(packed[2 * place]) * 64 + DIGITS.indexOf(packed[2 * place + 1]))) / LEVELS;
  }
  return scores;
}

function wordsOf(found, row, column, place) {
  const cell = cellOf(row, column.id);
  const words = found.texts[(cell.provenance.queries || {}).digest] || {};
  return place in words ? words[place] : null;
}

function languageOf(row, column) {
  return arrow(column.pair).split("→")[row.queries === "original" ? 0 : 1];
}

function topOf(found, row, place) {
  const kept = (found.tops[placeOf(row)] || {})[place];
  if (!kept) return null;
  return h("div", {}, h("strong", {}, said(row.label, 60)),
    kept.length ? h("ol", {}, kept.map(([id, grade]) => h("li", { class: grade > 0 ? "relevant" : null }, said(id, 60),
      grade === null ? " (not judged)" : ` (grade ${grade})`))) : h("p", { class: "quiet" }, "retrieved nothing"));
}

function queryLine(found, a, b, column, outcome) {
  const [first, second] = [wordsOf(found, a, column, outcome.place), wordsOf(found, b, column, outcome.place)];
  const id = outcome.place in found.ids ? found.ids[outcome.place] : null;
  const tops = [topOf(found, a, outcome.place), topOf(found, b, outcome.place)].filter((top) => top);
  return [
    h("div", {},
      first === null ? null : said(first, 400, languageOf(a, column)),
      second === null || second === first ? null : h("div", { class: "quiet" }, said(second, 400, languageOf(b, column))),
      h("div", { class: "quiet" }, id === null ? `query ${outcome.place + 1}` : said(id, 60)),
      tops.length ? h("details", {}, h("summary", {}, "Both top tens"), h("div", { class: "tops" }, tops)) : null),
    score(outcome.a), score(outcome.b), h("span", { class: outcome.gap < 0 ? "negative" : outcome.gap > 0 ? "positive" : null }, difference(outcome.gap)),
  ];
}

function compareRows(found, a, b, column, measure) {
  const [mine, theirs] = [a, b].map((row) => scoresOf(found.scores[measure], row));
  const outcomes = Array.from(mine, (value, place) => ({ place, a: value, b: theirs[place], gap: value - theirs[place] }))
    .sort((one, other) => Math.abs(other.gap) - Math.abs(one.gap) || other.gap - one.gap || one.place - other.place);
  const wins = outcomes.filter((one) => one.gap > 0).length;
  const losses = outcomes.filter((one) => one.gap < 0).length;
  const title = `${wins} wins, ${outcomes.length - wins - losses} ties, ${losses} losses over ${outcomes.length} queries`;
  const bars = differenceBars(outcomes.map((one) => one.gap).sort((x, y) => y - x), title);
  const holder = h("div");
  const draw = (most) => holder.replaceChildren(
    table("Queries, largest differences first", ["query", "this", "other", "difference"],
      outcomes.slice(0, most).map((one) => queryLine(found, a, b, column, one))),
    ...(most < outcomes.length ? [h("p", {}, h("button", { type: "button", click: () => draw(most * 5) }, `Show more of ${outcomes.length}`))] : []));
  draw(FIRST_SHOWN);
  return [h("p", { class: "outcome" }, h("strong", {}, title)), bars, holder];
}

// The part of a cell's dialog that compares it with another row.
async function queryPart(row, column, holder) {
  const all = await details();
  const found = all && all.collections[column.id];
  const measure = found && state.measure in found.scores ? state.measure : found && Object.keys(found.scores)[0];
  const others = found ? board.rows.filter((other) => other !== row && found.scores[measure].rows[placeOf(other)]) : [];
  if (!found || !found.scores[measure].rows[placeOf(row)] || !others.length) {
    holder.replaceChildren(h("p", { class: "quiet" }, "Nothing to compare query by query here."));
    return;
  }
  const tests = board.tests[measure] || {};
  const start = others.find((other) => other.label === tests.best) || others.find((other) => other.label === tests.baseline) || others[0];
  const results = h("div");
  const draw = (place) => results.replaceChildren(...compareRows(found, row, others[place], column, measure).flat());
  const select = choice("against", others.map((other, place) => [String(place), plain(other.label, 60)]), String(others.indexOf(start)), (value) => draw(Number(value)));
  select.className = "inline";
  holder.replaceChildren(select, h("p", { class: "quiet" }, `${measure} of every judged query; scores are kept in steps of 1/${LEVELS}.`), results);
  draw(others.indexOf(start));
}
