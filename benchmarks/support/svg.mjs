// Writes SVG: elements, escaped text, and a page that is legible on any background.

const escape = text => String(text).replace(/[&<>"]/g, c => ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'})[c]);
const rounded = value => (typeof value === 'number' ? Number(value.toFixed(2)) : value);
const attributes = list => Object.entries(list).map(([name, value]) => ` ${name.replace('_', '-')}="${escape(rounded(value))}"`).join('');

export const element = (name, list, ...content) => `<${name}${attributes(list)}${content.length ? `>${content.join('')}</${name}>` : '/>'}`;
export const rect = (x, y, width, height, fill, tip) =>
    element('rect', {x, y, width: Math.max(0, width), height: Math.max(0, height), fill}, ...(tip ? [element('title', {}, escape(tip))] : []));
export const line = (x1, y1, x2, y2, stroke, more = {}) => element('line', {x1, y1, x2, y2, stroke, ...more});
export const text = (x, y, content, more = {}) => element('text', {x, y, ...more}, escape(content));

export function page(width, height, parts) {
  return element('svg', {xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, font_family: 'sans-serif', font_size: 12, fill: '#222'},
                 rect(0, 0, width, height, '#fff'), ...parts.map(part => `\n${part}`)) + '\n';
}

// Squares of colour with names, from (x, y) to the right.
export function legend(x, y, entries) {
  const parts = [];
  for (const [name, fill] of entries) {
    parts.push(rect(x, y - 10, 12, 12, fill), text(x + 17, y, name));
    x += 40 + 7 * name.length;
  }
  return parts;
}
