// Measures compiled libraries against other engines in one run, and what compiling and loading them costs. README.md has the options
// and says how to read what is printed and written: a JSON file with every number, and beside it tables and charts.
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {entry, ours, peers} from './engines/engines.mjs';
import {reportBuild} from './reports/build.mjs';
import {reportLayers} from './reports/layers.mjs';
import {reportSpeed} from './reports/speed.mjs';
import {layersChart, speedChart} from './support/charts.mjs';
import {product, writeRandom} from './support/numbers.mjs';
import {parseOptions} from './support/options.mjs';
import {execute, stop} from './support/process.mjs';
import {plural} from './support/table.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const options = parseOptions(process.argv.slice(2), {build: join(here, '..', 'build')});
const work = options.work || join(options.build, 'benchmarks');
const json = options.json || join(work, 'results.json');
const tool = name => join(options.build, 'bin', name);
const file = name => join(work, name);
mkdirSync(work, {recursive: true});
mkdirSync(dirname(json), {recursive: true});

// A network by name, exported once with random weights, or an ONNX file, of which there is no PyTorch module.
function findModel(model) {
  if (model.endsWith('.onnx')) {
    if (!existsSync(model)) stop(`${model}: there is no such file`);
    return {name: basename(model, '.onnx'), onnx: model, torchscript: null};
  }
  const size = model.startsWith('cifar10_') ? '32x32' : options.size;
  const name = size === '224x224' || size === '32x32' ? model : `${model}-${size}`;
  const onnx = file(`${model}-${size}.onnx`), torchscript = file(`${model}-${size}.pt`);
  if (!existsSync(onnx) || !existsSync(torchscript)) {
    console.log(`exporting ${name} ...`);
    execute(options.python, [join(here, '..', 'test', 'Inputs', 'export_torchvision.py'), model, onnx, '--dynamic', `--size=${size}`, `--torchscript=${torchscript}`],
            `exporting ${model} from PyTorch`);
  }
  return {name, onnx, torchscript};
}

function compileModel(found) {
  const library = file(`lib${found.name}.so`);
  const compileCommand = output => [tool('resnet-compile'), found.onnx, '-o', output, `--entry=${entry}`, `--winograd=${options.winograd}`,
                                    `--target=${options.target}`, ...options.compile];
  console.log(`compiling ${found.name} ...`);
  const [program, ...args] = compileCommand(library);
  execute(program, args, `compiling ${found.name}`);
  const description = JSON.parse(execute(tool('resnet-run'), [library, '--describe', '--json']));
  const inputShape = batch => description.inputs[0].shape.map(extent => (extent < 0 ? batch : extent));
  return {
    ...found,
    library,
    compileCommand,
    inputShape,
    flopsPerImage: description.flops_per_image,
    weightsBytes: description.weights_bytes,
    fixedBatch: description.fixed_batch,
    takes: batch => description.fixed_batch < 0 || description.fixed_batch === batch,
    input: batch => {
      const path = file(`${found.name}.input.f32`);
      writeRandom(path, product(inputShape(batch)));
      return path;
    },
  };
}

const findings = options.peers.map(name => peers[name](options));
const engines = [ours(tool, options), ...findings.filter(peer => !peer.absent)];
const found = options.models.map(findModel);
const peaks = {};
for (const threads of options.threads) peaks[threads] = JSON.parse(execute(tool('resnet-peak'), [`--threads=${threads}`]));
const models = found.map(compileModel);

let text = '';
function print(line) {
  console.log(line);
}
function note(line) {
  print(line);
  text += `${line}\n`;
}

const cpu = (readFileSync('/proc/cpuinfo', 'utf8').match(/^model name\s*:\s*(.*)$/m) || ['', 'unknown CPU'])[1];
note(`${cpu}; ${Object.values(peaks).map(p => `${plural(p.threads, 'thread')}: ${p.gflop_per_second_all} GFLOP/s, ${p.read_gb_per_second_all} GB/s`).join('; ')}`);
for (const peer of findings) note(`${peer.label}: ${peer.absent ? `absent, ${peer.absent}` : peer.version}`);
for (const model of models) {
  for (const engine of engines) {
    if (engine.lacks(model)) note(`${model.name}: not measured with ${engine.label}, ${engine.lacks(model)}`);
  }
  for (const batch of options.batch.filter(batch => !model.takes(batch))) note(`${model.name}: not measured at batch ${batch}, its own is ${model.fixedBatch}`);
}

const results = {cpu, options, peaks, engines: Object.fromEntries(findings.map(({name, version, absent}) => [name, absent ? {absent} : {version}]))};
const beside = extension => `${json.replace(/\.json$/, '')}${extension}`;
const written = [json, beside('.md')];
const reports = {
  speed: () => reportSpeed(engines, models, peaks, options, file, print),
  layers: () => reportLayers(tool, models, peaks, options, print),
  build: () => reportBuild(engines, models, options, file, print),
};
const charts = {speed: results => speedChart(results, findings), layers: layersChart};
for (const name of options.report) {
  const report = await reports[name]();
  results[name] = report.results;
  text += report.text;
  writeFileSync(json, JSON.stringify(results, null, 1) + '\n');
  writeFileSync(beside('.md'), text);
  const chart = charts[name]?.(report.results);
  if (chart) {
    written.push(beside(`-${name}.svg`));
    writeFileSync(written.at(-1), chart);
  }
}
print(`\nwritten: ${written.join(' ')}`);

// What the documentation promises of results.
const tolerance = options.winograd === 'off' ? 1e-4 : 1e-3;
for (const {model, threads, batch, engines: measured} of results.speed || []) {
  for (const {name, label} of findings) {
    if (measured[name] && !(measured[name].difference <= tolerance))
      stop(`${model}, batch ${batch}, ${plural(threads, 'thread')}: differs from ${label} by ${measured[name].difference} of the largest element, expected at most ${tolerance}`);
  }
}
