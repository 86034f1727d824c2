// The page: head, controls, table, plots, sections. Controls change the state, and what depends on it is drawn again.
function redraw() {
  drawTable();
  if (board.rows.length) {
    drawIntervals();
    drawPareto();
  }
  drawTests();
  drawTracks();
}

function changed(name) {
  return (value) => { state[name] = value; redraw(); };
}

function toggle(name, text) {
  const button = h("button", { type: "button", "aria-pressed": String(state[name]), click: () => {
    state[name] = !state[name];
    button.setAttribute("aria-pressed", String(state[name]));
    drawTable();
  } }, text);
  return button;
}

function filter(label, name, placeholder) {
  const input = h("input", { type: "search", placeholder, dir: "auto", input: () => changed(name)(input.value) });
  return h("label", {}, label, input);
}

function controls() {
  const tiers = [...new Set(columns.map((one) => one.tier))];
  return h("div", { class: "controls", role: "group", "aria-label": "What is shown" },
    choice("Measure", board.measures.map((name) => [name, name]), state.measure, changed("measure")),
    choice("Rank by", [["mean", "mean"], ["borda", "Borda count"], ["wins", "wins"]], state.by, (value) => {
      [state.by, state.sort, state.descending] = [value, "rank", false];
      redraw();
    }),
    choice("Resource tier", [["", "all tiers"], ...tiers.map((tier) => [tier, tier])], state.tier, changed("tier")),
    filter("Systems", "systems", "filter"), filter("Language pairs", "pairs", "sw, Swahili …"),
    toggle("heat", "Heat map"), toggle("intervals", "Intervals"));
}

function themeButton() {
  const name = () => (isDark() ? "Light" : "Dark");
  const button = h("button", { type: "button", "aria-label": "Switch between light and dark", click: () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    button.textContent = name();
    drawTable();
  } }, name());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { button.textContent = name(); drawTable(); });
  return button;
}

function head() {
  const synthetic = columns.filter((one) => one.synthetic);
  return [
    h("header", { class: "top" }, h("div", {}, h("h1", {}, said(board.suite.title, 300)),
      board.suite.description ? h("p", {}, said(board.suite.description, 2000)) : null,
      h("p", { class: "quiet" }, "Suite ", said(board.suite.name), `, ${count(board.suite.depth)} documents a query at most, clir-harness `, said(board.version),
        ". Scores are means over all judged queries (counts such as NumRet are sums); a query that a system does not answer counts 0.")), themeButton()),
    synthetic.length ? h("p", { class: "notice" }, h("strong", {}, "Synthetic data. "), synthetic.length === columns.length ? "All collections" : synthetic.map((one) => said(header(one))).flatMap((one) => [one, " "]),
      ": texts were generated, so scores say nothing about real documents.") : null,
  ];
}

function legend() {
  const submitted = board.rows.some((row) => row.submitted);
  return h("p", { class: "quiet" }, h("span", { id: "shown", role: "status" }), " ", h("span", { id: "scale", class: "scale" }), h("br"),
    "Select a number for its command, provenance and queries; arrow keys move between them. Bold: best of its column. ",
    "≈: not distinguishable from the best row. ", h("abbr", {}, "gap"), ": high- minus low-resource mean. ",
    submitted ? "†: submitted, the run of another tool. " : "", `${NOTHING}: not run, or a mean that is missing because a cell is. `,
    "A pair has the tier of the poorer of its languages (Joshi et al. 2020).");
}

function plots() {
  if (!board.rows.length) return null;
  const keys = [...AVERAGES, ...columns.map((one) => [one.id, plain(header(one), 60)])];
  const which = choice("of", keys, plotted.key, (value) => { plotted.key = value; drawIntervals(); });
  const cost = choice("cost", COSTS.map(([key, name]) => [key, name]), plotted.cost, (value) => { plotted.cost = value; drawPareto(); });
  which.className = "inline";
  cost.className = "inline";
  return h("div", { class: "pair" },
    section("intervals-title", "Means and intervals", which, h("div", { id: "intervals" })),
    section("pareto-title", "Effectiveness against cost", cost, h("div", { id: "pareto" })));
}

document.getElementById("page").replaceChildren(...[
  ...head(),
  controls(),
  h("div", { id: "board", class: "scroll tall", role: "region", "aria-label": "Systems by language pairs", tabindex: 0, keydown: moveInTable }),
  legend(),
  plots(),
  section("tests-title", "Tests", h("div", { id: "tests" })),
  board.tracks.length ? section("tracks-title", "Robustness", h("div", { id: "tracks" })) : null,
  reportedPart(),
  costsPart(),
  collectionsPart(),
].filter((part) => part));
redraw();
addEventListener("resize", () => {
  if (!board.rows.length) return;
  drawIntervals();
  drawPareto();
  drawTracks();
});
