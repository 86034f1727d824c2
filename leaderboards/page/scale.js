// A perceptually uniform scale of one hue: lightness, in OKLab, carries the value, so that it survives colour blindness.
const SCALES = {
  light: [[0.975, -0.004, -0.008], [0.44, -0.028, -0.115]],
  dark: [[0.27, -0.004, -0.03], [0.86, -0.045, -0.075]],
};

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// Linear light of red, green, blue from OKLab (Ottosson 2020).
function linear([lightness, a, b]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((value) => Math.min(1, Math.max(0, value)));
}

const gamma = (value) => Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));

// Background and text colour for a share from 0 to 1; of black and white, the text is what contrasts more.
function shade(share) {
  const [low, high] = SCALES[isDark() ? "dark" : "light"];
  const light = linear(low.map((value, place) => value + share * (high[place] - value)));
  const luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  const color = (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? "#000" : "#fff";
  return { "background-color": `rgb(${light.map(gamma).join(" ")})`, color };
}

// Round steps over a range, about `wanted` of them.
function ticks(low, high, wanted) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const found = [];
  for (let place = Math.ceil(low / step - 1e-9); place * step <= high + step * 1e-9; place += 1) {
    found.push(Number((place * step).toPrecision(12)));
  }
  return found;
}
