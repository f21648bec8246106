/**
 * A small, safe subset of Markdown, straight to DOM nodes: text only ever becomes text nodes, elements come from a
 * closed list, links carry http, https or mailto. HTML in the source is shown as the characters it is.
 * Every pattern is bounded, so hostile text costs linear time.
 */
import { h } from './view/kit.js';

const MAX_DEPTH = 6;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,9})([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_LINE = /^\s*\|?(\s*:?-+:?\s*\|)+\s*(:?-+:?\s*)?$/;

/** options.cite(index) answers the node for the marker [index], or null when there is no such source. */
export function renderMarkdown(text, options = {}) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text.replace(/\r\n?/g, '\n').split('\n'), options, 0));
  return fragment;
}

function safeHref(address, schemes = ['http:', 'https:', 'mailto:']) {
  try {
    const url = new URL(address);
    return schemes.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens beside the page, or null when the address is none of ours to link to. */
export function safeLink(address, label, schemes) {
  const href = safeHref(address, schemes);
  return href && h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, label);
}

const startsBlock = (line) =>
  !line.trim() || FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line);

function blocks(lines, options, depth) {
  const nodes = [];
  for (let at = 0; at < lines.length; ) {
    const [node, next] = readBlock(lines, at, options, depth);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

/** One block from line `at` on: [its node or null, the first line after it]. */
function readBlock(lines, at, options, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  if (FENCE.test(line)) return readFence(lines, at);
  const heading = HEADING.exec(line);
  if (heading) {
    const level = Math.min(heading[1].length + 2, 6);
    return [h(`h${level}`, { dir: 'auto' }, inline(heading[2], options)), at + 1];
  }
  if (RULE.test(line)) return [h('hr'), at + 1];
  if (depth < MAX_DEPTH && QUOTE.test(line)) return readQuote(lines, at, options, depth);
  if (depth < MAX_DEPTH && ITEM.test(line)) return readList(lines, at, options, depth);
  if (line.includes('|') && TABLE_LINE.test(lines[at + 1] || '')) return readTable(lines, at, options);
  return readParagraph(lines, at, options);
}

function readFence(lines, at) {
  const mark = FENCE.exec(lines[at])[1];
  let end = at + 1;
  while (end < lines.length && !(lines[end].trim().startsWith(mark) && FENCE.test(lines[end]))) end += 1;
  const code = lines.slice(at + 1, end).join('\n');
  return [h('pre', { tabindex: '0', dir: 'ltr' }, h('code', null, code)), end + 1];
}

function readQuote(lines, at, options, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ''));
  return [h('blockquote', null, blocks(inner, options, depth + 1)), end];
}

function readList(lines, at, options, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const isOrdered = /\d/.test(mark);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (item && item[1].length < indent.length + 2) {
      if (/\d/.test(item[2]) !== isOrdered) break;
      items.push([item[3]]);
    } else if (lines[end].trim() && (/^ {2,}/.test(lines[end]) || (lines[end - 1].trim() && !startsBlock(lines[end])))) {
      items.at(-1).push(lines[end].slice(Math.min(indent.length + 2, lines[end].search(/\S/))));
    } else if (!lines[end].trim() && continuesList(lines, end)) {
      items.at(-1).push('');
    } else break;
    end += 1;
  }
  const start = isOrdered && parseInt(mark, 10) !== 1 ? parseInt(mark, 10) : null;
  const rows = items.map((inner) => h('li', null, unwrapSingle(blocks(inner, options, depth + 1))));
  return [h(isOrdered ? 'ol' : 'ul', { start, dir: 'auto' }, rows), end];
}

const continuesList = (lines, at) => ITEM.test(lines[at + 1] || '') || /^ {2,}\S/.test(lines[at + 1] || '');

/** "- word" is a line, not a paragraph in a list item. */
function unwrapSingle(nodes) {
  const [first, ...rest] = nodes;
  return first?.tagName === 'P' ? [...first.childNodes, ...rest] : nodes;
}

const cells = (line) => line.trim().replace(/^\||\|$/g, '').split('|').map((cell) => cell.trim());

function readTable(lines, at, options) {
  const row = (tag, line) => h('tr', null, cells(line).map((cell) => h(tag, { dir: 'auto' }, inline(cell, options))));
  let end = at + 2;
  const body = [];
  for (; end < lines.length && lines[end].includes('|'); end += 1) body.push(row('td', lines[end]));
  const table = h('table', null, h('thead', null, row('th', lines[at])), h('tbody', null, body));
  return [h('div', { class: 'scroll', tabindex: '0' }, table), end];
}

function readParagraph(lines, at, options) {
  let end = at + 1;
  while (end < lines.length && !startsBlock(lines[end])) end += 1;
  return [h('p', { dir: 'auto' }, inline(lines.slice(at, end).map((line) => line.trim()).join('\n'), options)), end];
}

/* Inline: at each character the first reader that answers [node(s), length] wins. */

const LINK =
  /!?\[((?:[^[\]\\]|\\.|\[[^[\]]{0,99}\]){0,300})\]\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/y;
const ADDRESS = /https?:\/\/[^\s<>"'`[\]]+/y;
const READERS = {
  '\\': [/\\([!-/:-@[-`{-~])/y, (match) => match[1]],
  '\n': [/\n/y, () => h('br')],
  '`': [/(`{1,9})(?!`)([^]{0,999}?[^`])\1(?!`)/y, (match) => h('code', { dir: 'auto' }, match[2].trim() || match[2])],
  '<': [/<((?:https?:\/\/|mailto:)[^\s<>]+)>/y, (match) => safeLink(match[1], match[1].replace('mailto:', ''))],
  // With the punctuation after it, which must not start a line of its own.
  '[': [/\[(\d{1,3}(?:,\s?\d{1,3}){0,9})\](?!\()([.,;:!?)]?)/y, readMarkers],
  '*': [/(\*\*\*|\*\*|\*)(?=[^\s*])([^]{0,1999}?[^\s])\1(?!\*)/y, readEmphasis],
  _: [/(__|_)(?=[^\s_])([^]{0,1999}?[^\s])\1(?!\w)/y, readEmphasis],
};

function inline(text, options, depth = 0) {
  const nodes = [];
  let plain = '';
  const flush = () => {
    if (plain) nodes.push(plain);
    plain = '';
  };
  for (let at = 0; at < text.length; ) {
    const found = depth < MAX_DEPTH && readInline(text, at, options, depth);
    if (found) {
      flush();
      nodes.push(...[found[0]].flat());
      at += found[1];
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

function readInline(text, at, options, depth) {
  const character = text[at];
  const before = text[at - 1] || ' ';
  if (character === 'h') return /[\w/:]/.test(before) ? null : readAddress(text, at);
  if (character === '_' && /\w/.test(before)) return null;
  if (character === '[' || (character === '!' && text[at + 1] === '[')) {
    const asLink = readLink(text, at, options, depth);
    if (asLink) return asLink;
  }
  const [pattern, build] = READERS[character] || [];
  if (!build) return null;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  const node = match && build(match, options, depth);
  return node ? [node, match[0].length] : null;
}

function readLink(text, at, options, depth) {
  LINK.lastIndex = at;
  const match = LINK.exec(text);
  if (!match) return null;
  // Links inside a link's label are not links of their own.
  const label = inline(match[1], {}, depth + 1).map((node) => (node.tagName === 'A' ? node.textContent : node));
  const node = safeLink(match[2], label.length ? label : match[2]);
  return node && [node, match[0].length];
}

function readAddress(text, at) {
  ADDRESS.lastIndex = at;
  const match = ADDRESS.exec(text);
  if (!match) return null;
  let address = match[0].replace(/[.,:;!?*_~]+$/, '');
  if (address.endsWith(')') && !address.includes('(')) address = address.replace(/\)+$/, '');
  const node = safeLink(address, address);
  return node && [node, address.length];
}

function readMarkers(match, { cite }) {
  const buttons = cite ? match[1].split(',').map((number) => cite(Number(number))) : [];
  return buttons.length && buttons.every(Boolean) ? h('span', { class: 'keep' }, buttons, match[2]) : null;
}

function readEmphasis(match, options, depth) {
  const inner = inline(match[2], options, depth + 1);
  if (match[1].length === 1) return h('em', null, inner);
  return match[1].length === 2 ? h('strong', null, inner) : h('strong', null, h('em', null, inner));
}
