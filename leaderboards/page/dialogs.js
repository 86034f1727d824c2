// What opens: a cell, with its reason or scores, command, provenance, costs and queries; and a row.
let dialog = null;

function show(title, subtitle, content) {
  const opener = document.activeElement;
  if (dialog) dialog.remove();
  const close = h("button", { type: "button", click: () => made.close() }, "Close");
  const made = h("dialog", { "aria-labelledby": "dialog-title", close: () => { made.remove(); dialog = null; if (opener.isConnected) opener.focus(); } },
    h("div", { class: "bar" }, h("div", {}, h("h2", { id: "dialog-title" }, title), h("div", { class: "quiet" }, subtitle)), close),
    h("div", { class: "inner" }, content));
  made.addEventListener("click", (event) => { if (event.target === made) made.close(); });
  dialog = made;
  document.body.append(made);
  made.showModal();
}

const costPairs = (costs) => ALL_COSTS.map(([key, name, factor]) => [name, key in costs ? amount(costs[key] * factor) : null]);

const asText = (value) => h("code", {}, visible(typeof value === "string" ? value : JSON.stringify(value)));

function testFacts(row, key) {
  const lines = ["best", "baseline"].flatMap((reference) => {
    const found = comparison(row, key, reference);
    const label = found && board.tests[state.measure][reference];
    return found ? [[[said(label, 60), " ", h("span", { class: "tag" }, reference)], difference(found.difference), found.low === null ? NOTHING : interval([found.low, found.high]),
      pValue(found.p), pValue(found.holm_p), effect(found.effect_size), `${found.wins}/${found.ties}/${found.losses}`]] : [];
  });
  const headers = ["against", "difference", "95 % interval", "p", "Holm p", "effect size d", "wins/ties/losses"];
  return lines.length ? [h("h3", {}, `Tests, ${state.measure}`), table("Tests", headers, lines)] : null;
}

function measureTable(row, column, cell) {
  return [h("h3", {}, "Means"), table("Means", ["measure", "mean", "95 % interval"],
    board.measures.map((name) => [name, score(cell.means[name]) || NOTHING, interval(cell.intervals[name])]))];
}

function machineText(place) {
  const machine = place === null ? null : board.machines[place];
  return machine && `${machine.processor}, ${machine.cores} cores, ${Math.round(machine.memory_bytes / 2 ** 30)} GiB, ${machine.system}`;
}

function provenance(cell) {
  const known = Object.entries(cell.provenance).map(([name, value]) => [name, asText(value)]);
  const identity = cell.identity === null ? [] : Object.entries(board.identities[cell.identity]).map(([name, value]) => [`system: ${visible(name)}`, asText(value)]);
  const machine = machineText(cell.machine);
  return known.length + identity.length ? h("details", {}, h("summary", {}, "Provenance"),
    facts([["machine", machine && visible(machine)], ...known, ...identity])) : null;
}

function openCell(row, column) {
  const cell = cellOf(row, column.id);
  const queries = h("div", { class: "queries" }, h("p", { class: "quiet" }, "Reading…"));
  const done = cell.state === "done";
  show([said(row.label, 300), row.submitted ? " †" : ""], [said(header(column)), " · ", said(languages(column)), ` · ${cell.state}`], [
    done ? null : [h("h3", {}, "Why there is no result"), h("p", { class: "reason", dir: "auto" }, visible(cell.reason || cell.state))],
    done ? measureTable(row, column, cell) : null,
    done ? testFacts(row, column.id) : null,
    command(cell.command),
    done ? [h("h3", {}, "Query by query"), queries, h("h3", {}, "Counts and costs"), facts([
      ["judged queries", count(cell.judged)], ["of them unanswered", count(cell.unanswered)], ["answered, not judged", count(cell.unjudged)],
      ["judged share of top ten", percent(cell.judged_share)], ...costPairs(cell.costs)])] : null,
    provenance(cell),
  ]);
  if (done) queryPart(row, column, queries);
}

function openRow(row) {
  const ranks = row.ranks[state.measure];
  const settings = Object.entries(row.settings).map(([name, value]) => [visible(name), asText(value)]);
  const started = row.cells.find((cell) => cell.command);
  show([said(row.label, 300), row.submitted ? " †" : ""], row.submitted ? "submitted: the run of another tool" : ["system ", said(row.system), ` · ${visible(row.queries)} queries`], [
    ranks ? [h("h3", {}, `Ranks, ${state.measure}`), facts([
      ["by mean", String(ranks.mean)], ["by Borda count", `${ranks.borda} (${ranks.borda_count} points)`], ["by wins", `${ranks.wins} (best in ${ranks.win_count} pairs)`]])] : null,
    h("h3", {}, "Means over all pairs"),
    table("Means over all pairs", ["measure", "macro", "95 % interval", "high", "low", "gap"], board.measures.map((name) => [
      name, score(row.averages[name].macro) || NOTHING, interval((row.average_intervals[name] || {}).macro),
      ...["high", "low", "gap"].map((key) => score(row.averages[name][key]) || NOTHING)])),
    testFacts(row, "macro"),
    settings.length ? [h("h3", {}, "Settings"), facts(settings)] : null,
    h("h3", {}, "Median costs"), facts(costPairs(row.costs)),
    started ? command(started.command) : null,
    started ? h("p", { class: "quiet" }, "The command of one of its cells; every cell has its own.") : null,
  ]);
}
