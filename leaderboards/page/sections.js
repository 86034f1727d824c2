// Sections below the table: tests, robustness, published figures, costs, collections.
const section = (id, title, ...content) => h("section", { "aria-labelledby": id }, h("h2", { id }, title), content);

function drawTests() {
  const holder = document.getElementById("tests");
  const tests = board.tests[state.measure];
  if (!tests) {
    const tested = Object.keys(board.tests);
    return holder.replaceChildren(h("p", { class: "quiet" }, tested.length ? `Tested: ${tested.join(", ")}. ${state.measure} was not.` : "This board was made without tests."));
  }
  const key = columns.length === 1 ? columns[0].id : "macro";
  const parts = ["best", "baseline"].filter((name) => tests[name] !== null && (name === "best" || tests.baseline !== tests.best)).map((name) => {
    const lines = shownRows().map((row) => [row, comparison(row, key, name)]).filter(([, found]) => found).map(([row, found]) => [
      said(row.label), difference(found.difference), found.low === null ? NOTHING : interval([found.low, found.high]), pValue(found.p),
      [pValue(found.holm_p), found.significant ? "" : " ≈"], effect(found.effect_size), `${found.wins}/${found.ties}/${found.losses}`]);
    return lines.length ? [h("h3", {}, `Against ${name === "best" ? "the best" : "the baseline"}, `, said(tests[name])),
      table(`Against the ${name}`, ["system", "difference", "95 % interval", "p", "Holm p", "effect size d", "wins/ties/losses"], lines)] : [];
  });
  holder.replaceChildren(...parts.flat(), h("p", { class: "quiet" }, tests.tests
    ? `Paired permutation test, two-sided, ${count(tests.permutations)} permutations, Holm-corrected for the ${count(tests.tests)} comparisons made of ${state.measure}; ≈ marks what is not significant below ${tests.level}. Wins, ties and losses are over queries.`
    : "There is nothing to compare."));
}

function drawTracks() {
  const holder = document.getElementById("tracks");
  if (!holder) return;
  const names = [...new Set(board.tracks.map((one) => one.label))];
  const lines = shownRows().flatMap((row) => names.map((name) => {
    const found = shownColumns().map((column) => board.tracks.find((one) => one.row === row.label && one.label === name && one.collection === column.id));
    return found.some((one) => one && one.state !== "not applicable") ? [said(row.label), visible(name), ...found.map(trackCell)] : null;
  })).filter((line) => line);
  const kinds = [...new Set(board.tracks.map((one) => one.kind))];
  holder.replaceChildren(...kinds.map((kind) => robustnessCurves(kind, widthOf(holder))).filter((drawn) => drawn), table("Robustness", ["system", "track", ...shownColumns().map((column) => said(header(column), 30))], lines, 2),
    h("p", { class: "quiet" }, `${state.measure} on perturbed queries, then what is lost of the mean on the queries as they are.`));
}

function trackCell(one) {
  if (!one || one.state === "not run") return NOTHING;
  if (one.state !== "done") return h("span", { class: "state " + one.state.replace(" ", "-"), title: plain(one.reason, 300) }, STATES[one.state]);
  const relative = one.relative_drops[state.measure];
  const lost = relative === null || relative === undefined ? null : -Math.round(100 * relative) + 0;
  const change = lost === null ? "" : ` (${lost > 0 ? "+" : ""}${minus(String(lost))} %)`;
  return h("span", { title: visible(one.command) }, score(one.means[state.measure]) + change);
}

function reportedPart() {
  if (!board.reported.length) return null;
  const lines = board.reported.map((one) => [[said(one.system), " ", h("span", { class: "tag" }, "reported")], said(one.collection),
    visible(one.pairs.map(arrow).join(", ")), one.measure, h("div", { class: "wrap" }, said(one.source, 300)), score(one.value)]);
  return section("reported-title", "Reported elsewhere",
    h("p", { class: "quiet" }, "Published figures, measured by others: in no test, rank or average."),
    table("Reported figures", ["system", "collection", "pairs", "measure", "source", "value"], lines, 5));
}

function costsPart() {
  const lines = board.rows.map((row) => {
    const shares = row.cells.map((cell) => cell.judged_share).filter((share) => share !== null);
    return [said(row.label), String(row.cells.filter((cell) => cell.state === "done").length),
      ...ALL_COSTS.map(([key, , factor]) => (key in row.costs ? amount(row.costs[key] * factor) : NOTHING)),
      percent(shares.length ? shares.reduce((sum, share) => sum + share, 0) / shares.length : null)];
  });
  const machines = [...new Set(board.machines.map((_, place) => machineText(place)))];
  return section("costs-title", "Costs", table("Costs", ["system", "cells", ...ALL_COSTS.map(([, name]) => name), "judged"], lines),
    h("p", { class: "quiet" }, "Medians over a row's finished cells; latency is of one query at a time. Judged: share of the top ten documents that are judged. ",
      machines.length > 1 ? "Cells ran on different machines, so compare with care: " : machines.length ? "All cells ran on: " : "", visible(machines.join("; "))));
}

function collectionsPart() {
  const lines = columns.map((one) => [[said(one.id), one.synthetic ? [" ", h("span", { class: "tag" }, "synthetic")] : null], arrow(one.pair),
    said(languages(one)), one.tier, said(one.licence), count(one.documents), count(one.queries), count(one.judged_queries), count(one.judgements)]);
  const warnings = columns.flatMap((one) => one.warnings.map((text) => h("li", {}, said(one.id), ": ", said(text, 1000))));
  const missing = absent.map((one) => h("li", {}, said(one.id), ": ", said(one.missing, 1000)));
  return section("collections-title", "Collections",
    table("Collections", ["collection", "pair", "languages", "tier", "licence", "documents", "queries", "judged", "judgements"], lines, 5),
    warnings.length ? [h("h3", {}, "Warnings"), h("ul", {}, warnings)] : null,
    missing.length ? [h("h3", {}, "Without data, and so in no table and no average"), h("ul", {}, missing)] : null);
}
