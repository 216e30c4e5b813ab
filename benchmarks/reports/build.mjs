// What a compiled model costs besides time in runs: compilation with and without a cache of kernels, the library's size, and, for
// every engine, loading and memory.
import {mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {median} from '../support/numbers.mjs';
import {execute} from '../support/process.mjs';
import {megabytes, Table} from '../support/table.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const kWarm = 3;  // compilations with a full cache
const kStarts = 5; // of a process, for the time of loading
const kRuns = 3;  // before memory is read

function compilation(model, flags, python) {
  const folder = mkdtempSync(join(tmpdir(), 'resnet-build-'));
  const library = join(folder, 'libmodel.so');
  const command = [...model.compileCommand(library), `--cache-dir=${join(folder, 'cache')}`, ...flags];
  const run = () => JSON.parse(execute(python, [join(here, 'measure_command.py'), ...command]));
  const cold = run();
  const warm = Array.from({length: kWarm}, run);
  const bytes = statSync(library).size;
  rmSync(folder, {recursive: true});
  return {
    cold_seconds: cold.seconds,
    cold_peak_bytes: cold.peak_bytes,
    warm_seconds: median(warm.map(w => w.seconds)),
    library_bytes: bytes,
    model_bytes: statSync(model.onnx).size,
    weights_bytes: model.weightsBytes,
  };
}

// Two processes are alive when memory is read: what they share is then known to be shared. The first start warms the pages of the
// files and is not counted.
async function processes(engine, model, setting) {
  const loads = [];
  let memory;
  for (let i = 0; i <= kStarts; ++i) {
    const server = engine.start(model, setting);
    const ready = await server.ready();
    if (i > 0) loads.push(ready);
    if (i === kStarts) {
      const other = engine.start(model, setting);
      await other.ready();
      for (const each of [server, other]) await each.run(kRuns);
      memory = server.memory();
      await other.end();
    }
    await server.end();
  }
  return {load_ms: median(loads.map(l => l.load_ms)), first_run_ms: median(loads.map(l => l.first_run_ms)), ...memory};
}

export async function reportBuild(engines, models, options, file, print) {
  const width = Math.max(...models.map(model => model.name.length));
  const compiled = new Table('Compilation: seconds and megabytes; a library\'s size over that of the model\'s file.',
                             [['model', width], ['cold s', 7], ['warm s', 7], ['compiler\'s peak', 15], ['library', 7], ['of the file', 11]], print);
  const results = models.map(model => {
    const cost = compilation(model, options.compile, options.python);
    compiled.row([model.name, cost.cold_seconds.toFixed(2), cost.warm_seconds.toFixed(2), megabytes(cost.cold_peak_bytes),
                  megabytes(cost.library_bytes), (cost.library_bytes / cost.model_bytes).toFixed(3)]);
    return {model: model.name, ...cost, engines: {}};
  });

  const [threads] = options.threads;
  const running = new Table(`A process with the model, ${threads === 1 ? '1 thread' : `${threads} threads`}: milliseconds and megabytes.`,
                            [['model', width], ['engine', 12], ['batch', 5], ['load', 8], ['first run', 9], ['private', 7], ['peak', 7]], print);
  for (const [i, model] of models.entries()) {
    const batch = options.batch.find(batch => model.takes(batch));
    if (batch === undefined) continue;
    for (const engine of engines.filter(engine => engine.lacks(model) === null)) {
      const setting = {threads, batch, input: model.input(batch), output: file(`${model.name}.${engine.name}.f32`)};
      const cost = {threads, batch, ...(await processes(engine, model, setting))};
      results[i].engines[engine.name] = cost;
      running.row([model.name, engine.label, batch, cost.load_ms.toFixed(1), cost.first_run_ms.toFixed(1), megabytes(cost.private_bytes),
                   megabytes(cost.peak_bytes)]);
    }
  }
  return {results, text: compiled.text() + running.text()};
}
