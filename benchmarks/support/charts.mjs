// Charts of the reports.
import {sum} from './numbers.mjs';
import {legend, line, page, rect, text} from './svg.mjs';
import {percent, plural} from './table.mjs';

const palette = ['#1f6fb2', '#7fb3dd', '#c8641b', '#f0b27a', '#3c8d40', '#9bcf9d', '#6b4ea0', '#b9a5dc'];
const settingOf = ({threads, batch}) => `${plural(threads, 'thread')}, batch ${batch}`;
const distinct = values => [...new Set(values)];

// A step between lines of a scale that gives at most eight of them.
function gridStep(top) {
  return [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50].find(step => top / step <= 8) ?? top;
}

// Bars of a peer's time over ours, by network; a thin line spans the ratios of the single blocks.
function ratioPanel(y, peer, results, settings) {
  const height = 220, left = 50, bar = 26;
  const measured = results.filter(result => result.engines[peer.name]);
  const models = distinct(measured.map(result => result.model));
  const top = 1.12 * Math.max(1, ...measured.flatMap(({engines}) => [engines[peer.name].ratio, engines[peer.name].ratio_high]));
  const at = value => y + height - (height - 40) * (value / top);
  const parts = [text(left, y + 16, `${peer.label}'s time over ours: above 1, ours is faster`, {font_weight: 'bold'})];
  const group = Math.max(settings.length * bar, 7 * Math.max(...models.map(model => model.length))) + 24;
  const width = left + models.length * group;
  const step = gridStep(top);
  for (let i = 0; i * step <= top; ++i) {
    parts.push(line(left, at(i * step), width, at(i * step), '#ddd'), text(left - 6, at(i * step) + 4, Number((i * step).toFixed(2)), {text_anchor: 'end'}));
  }
  models.forEach((model, m) => {
    const start = left + m * group + (group - settings.length * bar) / 2;
    for (const result of measured.filter(result => result.model === model)) {
      const place = settings.indexOf(settingOf(result)), x = start + place * bar, {ratio, ratio_low, ratio_high} = result.engines[peer.name];
      parts.push(rect(x, at(ratio), bar - 3, at(0) - at(ratio), palette[place % palette.length], `${model}, ${settingOf(result)}: ${ratio.toFixed(3)}`));
      parts.push(line(x + (bar - 3) / 2, at(ratio_low), x + (bar - 3) / 2, at(ratio_high), '#222'));
      parts.push(text(x + (bar - 3) / 2, at(Math.max(ratio, ratio_high)) - 4, ratio.toFixed(2), {text_anchor: 'middle', font_size: 10}));
    }
    parts.push(text(start + (settings.length * bar) / 2, y + height + 16, model, {text_anchor: 'middle'}));
  });
  parts.push(line(left, at(1), width, at(1), '#222', {stroke_dasharray: '4 3'}));
  return {parts, width, height: height + 40};
}

// null where no peer was measured.
export function speedChart(results, peers) {
  const settings = distinct(results.map(settingOf));
  const parts = legend(50, 24, settings.map((name, i) => [name, palette[i % palette.length]]));
  let y = 44, width = Math.max(420, 60 + sum(settings.map(name => 40 + 7 * name.length)));
  const shown = peers.filter(peer => results.some(result => result.engines[peer.name]));
  for (const peer of shown) {
    const panel = ratioPanel(y, peer, results, settings);
    parts.push(...panel.parts);
    y += panel.height;
    width = Math.max(width, panel.width + 20);
  }
  return shown.length ? page(width, y, parts) : null;
}

// A step is a bar as wide as its time and as high as its share of what binds it: what is missing to 100% is the time that is lost.
function layersPanel(y, {model, threads, batch, total_ms, steps}) {
  const height = 120, left = 50, width = 900, top = Math.max(1, ...steps.map(step => step.share ?? 0));
  const at = value => y + 24 + height * (1 - value / top);
  const reached = sum(steps.map(step => Math.min(1, step.share ?? 0) * step.median_ms)) / total_ms;
  const title = `${model}, ${settingOf({threads, batch})}: ${total_ms.toFixed(2)} ms, ${percent(reached)} of what binds`;
  const parts = [text(left, y + 14, title, {font_weight: 'bold'})];
  for (const value of [0, 0.5, 1]) {
    parts.push(line(left, at(value), left + width, at(value), '#ddd'), text(left - 6, at(value) + 4, percent(value), {text_anchor: 'end', font_size: 10}));
  }
  let x = left;
  for (const step of steps) {
    const wide = (width * step.median_ms) / total_ms, share = step.share ?? 0;
    const fill = step.binds === null ? '#bbb' : share < 0.85 ? (step.binds === 'memory' ? '#f0b27a' : '#7fb3dd') : step.binds === 'memory' ? '#c8641b' : '#1f6fb2';
    const tip = `${step.source}\n${step.kernel}${step.algorithm ? `, ${step.algorithm}` : ''}\n${step.median_ms.toFixed(4)} ms, ${percent(step.share)} of ${step.binds ?? 'unknown work'}`;
    parts.push(rect(x, at(step.share === null ? 0.1 : share), wide - Math.min(1, wide / 4), at(0) - at(step.share === null ? 0.1 : share), fill, tip));
    x += wide;
  }
  return {parts, height: height + 44};
}

export function layersChart(results) {
  const parts = legend(50, 24, [['arithmetic binds', '#1f6fb2'], ['arithmetic, below 85%', '#7fb3dd'], ['memory binds', '#c8641b'], ['memory, below 85%', '#f0b27a'], ['not known', '#bbb']]);
  let y = 44;
  for (const result of results) {
    const panel = layersPanel(y, result);
    parts.push(...panel.parts);
    y += panel.height;
  }
  return page(970, y, parts);
}
