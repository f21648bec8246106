/**
 * The loader's tools, which the panel borrows (see kit.js). Elements without innerHTML. Text becomes text nodes; handlers are functions, never attributes with code.
 */
const SVG = 'http://www.w3.org/2000/svg';

/** Every class is a part as well, so that the page may style it. h('button', {class: 'x', 'aria-label': 'Close', onclick: handler}, 'text', node). Empty children are left out. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value || value === 0) element.setAttribute(name, value === true ? '' : value);
    if (name === 'class') element.part = value;
  }
  element.append(...children.flat().filter(Boolean));
  return element;
}

export function icon(drawing) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = svg.appendChild(document.createElementNS(SVG, 'path'));
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', drawing);
  return svg;
}

/** Constructed sheets need no style-src permission, unlike <style> and style attributes. */
export function addSheet(root, css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  return sheet;
}
