/**
 * Colours from one brand colour, by WCAG contrast: text on it, and a shade of it that can be read on the surface.
 */
/** The greys of --raised in panel.css, the harder of the two grounds that accents stand on. */
const SURFACES = { light: 244, dark: 42 };
const READABLE_RATIO = 4.5;

const toChannels = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));

function luminance(channels) {
  const [red, green, blue] = channels.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [a, b] = [luminance(one) + 0.05, luminance(other) + 0.05];
  return a > b ? a / b : b / a;
}

/** Black or white, whichever is easier to read on the colour. */
const inkOn = (channels) => (contrast(channels, [255, 255, 255]) > contrast(channels, [0, 0, 0]) ? '#fff' : '#000');

/** The colour, moved step by step away from the surface (a grey) until text in it can be read there. */
function readableOn(grey, channels) {
  const goal = grey > 127 ? 0 : 255;
  let shade = channels;
  for (let step = 1; contrast(shade, [grey, grey, grey]) < READABLE_RATIO; step += 1) {
    shade = channels.map((value) => Math.round(value + ((goal - value) * step) / 10));
  }
  return `rgb(${shade})`;
}

/** --pb-brand, --pb-on-brand, --pb-accent-light, --pb-accent-dark for a colour as #rrggbb. */
export function buildThemeCss(color) {
  const channels = toChannels(color);
  const accents = Object.keys(SURFACES).map((name) => `--pb-accent-${name}:${readableOn(SURFACES[name], channels)};`);
  return `:host{--pb-brand:${color};--pb-on-brand:${inkOn(channels)};${accents.join('')}}`;
}
