// Returns what cannot be read on this page: a reason for each kind of element.
const found = {};
const wide = document.documentElement.scrollWidth - innerWidth;
if (wide > 0) found["the page"] = `${wide} pixels wider than the screen`;

const colour = (text) => {
  const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
  return { rgb: [red, green, blue], alpha };
};
const over = ({ rgb, alpha }, below) => rgb.map((part, index) => part * alpha + below[index] * (1 - alpha));
const luminance = (rgb) => {
  const [red, green, blue] = rgb.map((part) => (part > 10 ? ((part / 255 + 0.055) / 1.055) ** 2.4 : part / 3294));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const ancestors = (element) => {
  const found = [];
  for (let each = element; each; each = each.parentElement) found.push(each);
  return found;
};
const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];

const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  const { width, height } = element.getBoundingClientRect();
  const isSeen = width && height && element.checkVisibility({ visibilityProperty: true });
  // What cannot be used needs no contrast.
  if (!texts.currentNode.data.trim() || !isSeen || element.closest(":disabled")) continue;
  const styles = ancestors(element).map((each) => getComputedStyle(each));
  const behind = styles.map((style) => colour(style.backgroundColor)).reduceRight((below, layer) => over(layer, below), canvas);
  const ink = colour(styles[0].color);
  ink.alpha *= styles.reduce((opacity, style) => opacity * style.opacity, 1);
  const [darker, lighter] = [luminance(over(ink, behind)), luminance(behind)].sort((one, other) => one - other);
  const contrast = (lighter + 0.05) / (darker + 0.05);
  const size = parseFloat(styles[0].fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && styles[0].fontWeight >= 700);
  if (contrast < (isLarge ? 3 : 4.5)) {
    const name = ancestors(element).slice(0, 4).map((each) => [each.localName, ...each.classList].join("."));
    found[name.reverse().join(" > ")] ??= `${contrast.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 40)}`;
  }
}
return found;
