// Elements, and untrusted text, escaped for display. Text only ever becomes text nodes and attributes.
const SVG = "http://www.w3.org/2000/svg";
const LONGEST_NAME = 100;

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const h = (name, attributes, ...children) => build(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) => build(document.createElementNS(SVG, name), attributes, children);

// Control characters as symbols; what reorders text or breaks lines as its code point.
function visible(text) {
  return text.trim()
    .replace(/[\u0000-\u001f]/g, (found) => String.fromCharCode(0x2400 + found.charCodeAt(0)))
    .replace(/\u007f/g, "\u2421")
    .replace(/[\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
      (found) => "[U+" + found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0") + "]");
}

function shortened(text, most = LONGEST_NAME) {
  if (text.length <= most) return text;
  const characters = Array.from(text);
  return characters.length <= most ? text : characters.slice(0, most - 1).join("") + "…";
}

// An untrusted name or text, with its own direction; the full text of a shortened one is its tooltip.
function said(text, most = LONGEST_NAME, language = null) {
  const shown = shortened(text, most);
  return h("bdi", { dir: "auto", lang: language, title: shown === text ? null : visible(text) }, visible(shown));
}

const plain = (text, most = LONGEST_NAME) => visible(shortened(text, most));
const NOTHING = "–";
const minus = (text) => text.replace("-", "−");
const score = (value) => (value === null || value === undefined ? "" : minus((Math.abs(value) < 0.0005 ? 0 : value).toFixed(3)));

function difference(value) {
  const text = score(value);
  return text === "" ? NOTHING : (value > 0 && text !== "0.000" ? "+" : "") + text;
}

const effect = (value) => (value === null || value === undefined ? NOTHING : (value > 0 ? "+" : "") + minus(value.toFixed(2)));

const interval = (ends) => (ends ? `${score(ends[0])} to ${score(ends[1])}` : NOTHING);
const count = (value) => (value === null || value === undefined ? NOTHING : value.toLocaleString("en-US"));
const percent = (value) => (value === null || value === undefined ? NOTHING : (100 * value).toFixed(1) + " %");

function amount(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value > 0 && value < 0.001) return "<0.001";
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}

function pValue(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value < 0.001) return "below 0.001";
  return value < 0.05 && value.toFixed(3) === "0.050" ? "below 0.050" : value.toFixed(3);
}

// A table whose first columns are text; cells are strings or elements.
function table(caption, headers, rows, left = 1) {
  const align = (place) => (place < left ? "text" : null);
  return h("div", { class: "scroll", role: "region", "aria-label": caption, tabindex: 0 },
    h("table", {},
      h("thead", {}, h("tr", {}, headers.map((text, place) => h("th", { scope: "col", class: align(place) }, text)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, place) =>
        place === 0 ? h("th", { scope: "row", class: "text wrap" }, cell) : h("td", { class: align(place) }, cell)))))));
}

function choice(label, options, value, changed) {
  const select = h("select", { change: () => changed(select.value) },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  return h("label", {}, label, select);
}

function facts(pairs) {
  return h("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    button.textContent = "select it by hand";
  }
  setTimeout(() => { button.textContent = "copy"; }, 2000);
}

function command(text) {
  if (!text) return null;
  const button = h("button", { type: "button", "aria-live": "polite", click: () => copy(text, button) }, "copy");
  return [h("h3", {}, "Command"), h("div", { class: "command" }, h("pre", { dir: "ltr", tabindex: 0 }, visible(text)), button)];
}
