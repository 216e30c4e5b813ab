// Measures compiled libraries against ONNX Runtime in one run: blocks of the two alternate, so that both see the same machine. See
// README.md for the options. Prints a table and writes every time that was measured to a JSON file.
import {execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const options = {models: 'resnet18,resnet34,resnet50,resnet101', threads: '1,2', batch: '1', size: '224x224', blocks: '6', runs: '10',
                 winograd: 'auto', target: 'host', json: '', build: join(here, '..', 'build')};
for (const argument of process.argv.slice(2)) {
  const match = argument.match(/^--([a-z]+)=(.+)$/);
  if (!match || !(match[1] in options)) {
    console.error(`usage: benchmarks/run ${Object.keys(options).map(name => `[--${name}=...]`).join(' ')}`);
    process.exit(2);
  }
  options[match[1]] = match[2];
}
const work = join(options.build, 'benchmarks');
const ortFolder = process.env.RESNET_ORT || join(options.build, 'ort');
const tool = name => join(options.build, 'bin', name);
mkdirSync(work, {recursive: true});

function stop(message) {
  console.error(`benchmarks/run: ${message}`);
  process.exit(1);
}

function execute(program, args) {
  try {
    return execFileSync(program, args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});
  } catch (error) {
    return stop(`${program} failed: ${(error.stderr || error.message).trim().split('\n').pop()}`);
  }
}

// Random-weight exports of torchvision's networks, made once.
function exportModel(name) {
  const path = join(work, `${name}-${options.size}.onnx`);
  if (!existsSync(path)) {
    console.error(`exporting ${name} ...`);
    execute('/usr/bin/python3', [join(here, '..', 'test', 'Inputs', 'export_torchvision.py'), name, path, '--dynamic', `--size=${options.size}`]);
  }
  return path;
}

function compile(name, onnx) {
  const library = join(work, `lib${name}.so`);
  console.error(`compiling ${name} ...`);
  execute(tool('resnet-compile'), [onnx, '-o', library, '--entry=benchmark_entry', `--winograd=${options.winograd}`, `--target=${options.target}`]);
  return library;
}

class Server {
  constructor(program, args) {
    this.child = spawn(program, args, {stdio: ['pipe', 'pipe', 'inherit'], env: {...process.env, RESNET_ORT: ortFolder}});
    this.child.on('error', error => stop(`${program}: ${error.message}`));
    this.lines = createInterface({input: this.child.stdout})[Symbol.asyncIterator]();
  }
  async line() {
    const {value, done} = await this.lines.next();
    return done ? stop(`${this.child.spawnargs.slice(0, 3).join(' ')} ended early`) : value;
  }
  async run(count) {
    this.child.stdin.write(`${count}\n`);
    return (await this.line()).trim().split(' ').map(Number);
  }
  async end() {
    const ended = new Promise(resolve => this.child.on('exit', resolve));
    this.child.stdin.end();
    await ended;
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function readFloats(path) {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

// The largest difference relative to the largest element.
function difference(actual, expected) {
  let largest = 0, error = actual.length === expected.length ? 0 : Infinity;
  expected.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    const apart = Math.abs(value - actual[i]);
    error = apart <= error ? error : apart; // NaN stays
  });
  return error / largest;
}

function writeInput(batch) {
  const [height, width] = options.size.split('x').map(Number);
  const values = new Float32Array(batch * 3 * height * width);
  let state = 1;
  for (let i = 0; i < values.length; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  const path = join(work, 'input.f32');
  writeFileSync(path, Buffer.from(values.buffer));
  return path;
}

async function measure(name, onnx, library, flops, threads, batch, input) {
  const outputs = ['resnet', 'ort'].map(engine => join(work, `${name}.${engine}.f32`));
  const ours = new Server(tool('resnet-model-server'), [library, 'benchmark_entry', threads, batch, input, outputs[0]]);
  const theirs = new Server(process.execPath, [join(here, 'ort_server.mjs'), onnx, threads, batch, input, outputs[1]]);
  await ours.line();
  await theirs.line();
  const blocks = {resnet: [], ort: []};
  // The first pair warms up and is not counted. The pause lets threads that spin for work fall asleep.
  for (let block = 0; block <= Number(options.blocks); ++block) {
    const order = block % 2 ? [['ort', theirs], ['resnet', ours]] : [['resnet', ours], ['ort', theirs]];
    for (const [engine, server] of order) {
      await sleep(50);
      const times = await server.run(Number(options.runs));
      if (block > 0) blocks[engine].push(times);
    }
  }
  await ours.end();
  await theirs.end();
  const ratios = blocks.ort.map((times, i) => median(times) / median(blocks.resnet[i]));
  const result = {model: name, threads: Number(threads), batch: Number(batch), difference: difference(readFloats(outputs[0]), readFloats(outputs[1]))};
  for (const engine of ['resnet', 'ort']) {
    const all = blocks[engine].flat();
    Object.assign(result, {[`${engine}_median_ms`]: median(all), [`${engine}_min_ms`]: Math.min(...all), [`${engine}_ms`]: blocks[engine]});
  }
  result.ratio = result.ort_median_ms / result.resnet_median_ms;
  result.ratio_low = Math.min(...ratios);
  result.ratio_high = Math.max(...ratios);
  result.gflop_per_second = (flops * Number(batch) * 1e-6) / result.resnet_median_ms;
  return result;
}

if (!existsSync(join(ortFolder, 'node_modules', 'onnxruntime-node'))) {
  stop(`no onnxruntime-node in ${ortFolder}; scripts/test installs it where npm reaches a registry`);
}
const row = cells => console.log(cells.map((cell, i) => (i ? String(cell).padStart([0, 7, 5, 20, 20, 7, 14, 7, 9][i]) : String(cell).padEnd(11))).join(' '));
const results = [];
const peaks = {};
for (const threads of options.threads.split(',')) peaks[threads] = JSON.parse(execute(tool('resnet-peak'), [`--threads=${threads}`])).gflop_per_second_all;
const version = JSON.parse(readFileSync(join(ortFolder, 'node_modules', 'onnxruntime-node', 'package.json'), 'utf8')).version;
const cpu = (readFileSync('/proc/cpuinfo', 'utf8').match(/^model name\s*:\s*(.*)$/m) || ['', 'unknown CPU'])[1];
const compiled = options.models.split(',').map(name => {
  const onnx = exportModel(name);
  const library = compile(name, onnx);
  const flops = JSON.parse(execute(tool('resnet-run'), [library, '--describe', '--json'])).flops_per_image;
  return {name, onnx, library, flops};
});
console.log(`${cpu}, ONNX Runtime ${version}; milliseconds: median (min); ratio above 1: resnet is faster`);
row(['model', 'threads', 'batch', 'resnet', 'ONNX Runtime', 'ratio', 'of the blocks', 'peak', 'differ']);
for (const {name, onnx, library, flops} of compiled) {
  for (const batch of options.batch.split(',')) {
    const input = writeInput(Number(batch));
    for (const threads of options.threads.split(',')) {
      const r = await measure(name, onnx, library, flops, threads, batch, input);
      r.peak_share = r.gflop_per_second / peaks[threads];
      results.push(r);
      const time = engine => `${r[`${engine}_median_ms`].toFixed(2)} (${r[`${engine}_min_ms`].toFixed(2)})`;
      row([name, threads, batch, time('resnet'), time('ort'), r.ratio.toFixed(3), `${r.ratio_low.toFixed(2)} .. ${r.ratio_high.toFixed(2)}`,
           `${(100 * r.peak_share).toFixed(0)}%`, r.difference.toExponential(1)]);
    }
  }
}
const json = options.json || join(work, 'results.json');
writeFileSync(json, JSON.stringify({cpu, onnxruntime: version, options, peak_gflop_per_second: peaks, results}, null, 1) + '\n');
console.log(`every time: ${json}`);
if (!results.every(r => r.difference <= 1e-3)) stop('results differ from ONNX Runtime by more than 1e-3 of the largest element');
