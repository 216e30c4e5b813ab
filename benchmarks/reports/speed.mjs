// How long runs take: the engines take turns in blocks of runs, so that all of them see the same machine.
import {existsSync, rmSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {difference, median} from '../support/numbers.mjs';
import {percent, Table} from '../support/table.mjs';

// A block lasts about this long or longer: one of a few runs of a millisecond would be over before the clock of the CPU has settled.
const kBlockMs = 100;

// Round `index` of engines: each is first equally often, and every second round goes backwards, so that none always follows the
// same other.
export function order(engines, index) {
  const from = index % engines.length;
  const turned = [...engines.slice(from), ...engines.slice(0, from)];
  return Math.floor(index / engines.length) % 2 ? turned.reverse() : turned;
}

// The times of every engine, by name: [block][run] in milliseconds.
async function takeTurns(servers, blocks, runs) {
  const names = Object.keys(servers);
  const times = Object.fromEntries(names.map(name => [name, []]));
  let count = runs;
  // The first round warms up and is not counted. The pause lets threads that spin for work fall asleep.
  for (let block = 0; block <= blocks; ++block) {
    const round = {};
    for (const name of order(names, block)) {
      await sleep(50);
      round[name] = await servers[name].run(count);
      if (block > 0) times[name].push(round[name]);
    }
    if (block === 0) count = Math.max(runs, Math.ceil(kBlockMs / Math.min(...Object.values(round).map(median))));
  }
  return times;
}

// One model, batch and number of threads; `peak` is in GFLOP/s.
async function measure(engines, model, {threads, batch, peak, blocks, runs, file}) {
  const output = engine => file(`${model.name}.${engine.name}.f32`);
  const input = model.input(batch);
  const servers = {};
  for (const engine of engines) {
    if (existsSync(output(engine))) rmSync(output(engine));
    servers[engine.name] = engine.start(model, {threads, batch, input, output: output(engine)});
    await servers[engine.name].ready();
  }
  const times = await takeTurns(servers, blocks, runs);
  for (const server of Object.values(servers)) await server.end();

  const result = {model: model.name, threads, batch, engines: {}};
  const [us] = engines;
  for (const engine of engines) {
    const blocksOf = times[engine.name];
    const measured = {median_ms: median(blocksOf.flat()), min_ms: Math.min(...blocksOf.flat()), ms: blocksOf};
    if (engine !== us) {
      const ratios = blocksOf.map((block, i) => median(block) / median(times[us.name][i]));
      measured.ratio = measured.median_ms / result.engines[us.name].median_ms;
      measured.ratio_low = Math.min(...ratios);
      measured.ratio_high = Math.max(...ratios);
      measured.difference = difference(output(us), output(engine));
    }
    result.engines[engine.name] = measured;
  }
  result.gflop_per_second = (model.flopsPerImage * batch * 1e-6) / result.engines[us.name].median_ms;
  result.peak_share = result.gflop_per_second / peak;
  return result;
}

// Returns the results and the table. `engines` begins with ours.
export async function reportSpeed(engines, models, peaks, options, file, print) {
  const [us] = engines;
  const width = Math.max(...models.map(model => model.name.length));
  const table = new Table('Milliseconds: median (min). A ratio above 1: resnet is faster.',
                          [['model', width], ['threads', 7], ['batch', 5], ['resnet', 17], ['of peak', 7], ['peer', 12], ['its time', 17],
                           ['ratio', 5], ['of the blocks', 13], ['differ', 7]],
                          print);
  const time = ({median_ms, min_ms}) => `${median_ms.toFixed(2)} (${min_ms.toFixed(2)})`;
  const results = [];
  for (const model of models) {
    for (const batch of options.batch.filter(batch => model.takes(batch))) {
      for (const threads of options.threads) {
        const present = engines.filter(engine => engine.lacks(model) === null);
        const result = await measure(present, model, {...options, threads, batch, peak: peaks[threads].gflop_per_second_all, file});
        results.push(result);
        const own = result.engines[us.name];
        const begin = [model.name, threads, batch, time(own), percent(result.peak_share)];
        if (present.length === 1) table.row([...begin, '-', '-', '-', '-', '-']);
        for (const {name, label} of present.slice(1)) {
          const peer = result.engines[name];
          table.row([...begin, label, time(peer), peer.ratio.toFixed(2), `${peer.ratio_low.toFixed(2)} .. ${peer.ratio_high.toFixed(2)}`,
                     peer.difference.toExponential(1)]);
        }
      }
    }
  }
  return {results, text: table.text()};
}
