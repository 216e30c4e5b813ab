// Which share of what the machine can do each step of a library reaches. What binds a step is arithmetic or the movement of bytes,
// whichever needs longer at the rates that resnet-peak measured; its share is that time over the time it took.
import {sum} from '../support/numbers.mjs';
import {execute} from '../support/process.mjs';
import {percent, plural, Table} from '../support/table.mjs';
import {workOf} from '../support/work.mjs';

const kLow = 0.85; // steps below this share are listed when a network is summed up

// Milliseconds that moving `bytes` takes at least: at the rate of the smallest level of memory that holds all of `held` bytes, of which
// they are part. Level 2 is each core's own.
function moving(bytes, held, peak) {
  const level = peak.caches.find(cache => held <= cache.bytes * (cache.level === 2 ? peak.threads : 1));
  return (bytes * 1e-6) / (level ? level.gb_per_second_all : peak.read_gb_per_second_all);
}

// One step of a profile, in milliseconds. Weights come from where all of the model's weights are, since a run reads them all.
export function boundOf(step, batch, model, peak) {
  const {flops, weights, activations} = workOf(step);
  const arithmetic = (flops * batch * 1e-6) / peak.gflop_per_second_all;
  const known = weights !== null && activations !== null;
  const memory = known ? moving(weights, model.weightsBytes, peak) + moving(activations * batch, activations * batch, peak) : null;
  const bound = Math.max(arithmetic, memory ?? 0);
  return {
    arithmetic_ms: arithmetic,
    memory_ms: memory,
    binds: bound === 0 ? null : arithmetic >= (memory ?? 0) ? 'arithmetic' : 'memory',
    share: bound === 0 ? null : bound / step.median_ms,
  };
}

function profile(tool, model, threads, batch, runs) {
  const args = [model.library, '--profile', '--json', `--threads=${threads}`, `--batch=${batch}`, `--iterations=${runs}`];
  return JSON.parse(execute(tool('resnet-run'), args));
}

// Steps that share a kernel are one row: their sums.
function byKernel(steps, batch) {
  const groups = new Map();
  for (const step of steps) groups.set(step.kernel, [...(groups.get(step.kernel) || []), step]);
  return [...groups.values()].map(group => ({
    kernel: group[0].kernel,
    algorithm: group[0].algorithm || '-',
    source: group[0].source,
    count: group.length,
    ms: sum(group.map(s => s.median_ms)),
    gflop_per_second: sum(group.map(s => s.flops_per_image * batch)) * 1e-6 / sum(group.map(s => s.median_ms)),
    binds: group[0].binds,
    share: group[0].share === null ? null : sum(group.map(s => s.share * s.median_ms)) / sum(group.map(s => s.median_ms)),
  }));
}

function writeTable(title, rows, total, print) {
  const width = Math.max(...rows.map(row => row.kernel.length));
  const table = new Table(title, [['kernel', width], ['algorithm', 6], ['steps', 5], ['ms', 8], ['of time', 7], ['GFLOP/s', 7], ['binds', 10], ['share', 5],
                                  ['first step', 10]], print);
  for (const row of rows) {
    table.row([row.kernel, row.algorithm, row.count, row.ms.toFixed(4), percent(row.ms / total), row.gflop_per_second.toFixed(1), row.binds || '-', percent(row.share),
               row.source]);
  }
  return table.text();
}

// Returns the results and the tables. The tables are long: `print` gets a line for each.
export async function reportLayers(tool, models, peaks, options, print) {
  const results = [];
  let text = '';
  print(`\nSteps below ${percent(kLow)} of what binds them (arithmetic or memory):\n`);
  for (const model of models) {
    for (const batch of options.batch.filter(batch => model.takes(batch))) {
      for (const threads of options.threads) {
        const profiled = profile(tool, model, threads, batch, options.blocks * options.runs);
        const steps = profiled.steps.map(step => {
          const {source, kernel, algorithm, flops_per_image, median_ms} = step;
          return {source, kernel, algorithm, flops_per_image, median_ms, work: workOf(step), ...boundOf(step, batch, model, peaks[threads])};
        });
        const total = sum(steps.map(step => step.median_ms));
        const title = `${model.name}, ${plural(threads, 'thread')}, batch ${batch}: ${total.toFixed(2)} ms`;
        const rows = byKernel(steps, batch);
        text += writeTable(title, rows, total, () => {});
        const low = rows.filter(row => row.share !== null && row.share < kLow).sort((a, b) => b.ms * (1 - b.share) - a.ms * (1 - a.share));
        const lost = row => `${row.kernel.replace(/_[0-9a-f]+$/, '')} ${row.algorithm} ${percent(row.share)}`;
        print(`${title}, of which ${sum(low.map(row => row.ms)).toFixed(2)} in ${plural(low.length, 'kernel')}${low.length ? ': ' : ''}` +
              `${low.slice(0, 4).map(lost).join(', ')}${low.length > 4 ? ', ...' : ''}`);
        results.push({model: model.name, threads, batch, total_ms: total, steps});
      }
    }
  }
  return {results, text};
}
