// The same as model_server.c for ONNX Runtime: node ort_server.mjs MODEL.onnx THREADS BATCH INPUT OUTPUT
// The folder where npm installed onnxruntime-node is in RESNET_ORT. ONNX Runtime's defaults, but for the number of threads.
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';

const ort = createRequire(process.env.RESNET_ORT + '/')('onnxruntime-node');
const [model, threads, batch, input, output] = process.argv.slice(2);
let begin = performance.now();
const session = await ort.InferenceSession.create(model, {
  executionProviders: ['cpu'],
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
});
const load = performance.now() - begin;
const {shape} = session.inputMetadata[0];
const bytes = readFileSync(input);
const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
const dims = shape.map(extent => (typeof extent === 'number' && extent > 0 ? extent : Number(batch)));
const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', data, dims)};
begin = performance.now();
const first = (await session.run(feeds))[session.outputNames[0]];
const firstRun = performance.now() - begin;
writeFileSync(output, Buffer.from(first.data.buffer, first.data.byteOffset, first.data.byteLength));
// Later results go into the same memory, as with our context_run.
const fetches = {[session.outputNames[0]]: new ort.Tensor('float32', new Float32Array(first.data.length), first.dims)};
console.log(`ready ${load.toFixed(3)} ${firstRun.toFixed(3)}`);

for await (const line of createInterface({input: process.stdin})) {
  const times = [];
  for (let runs = Number(line); runs > 0; --runs) {
    const begin = performance.now();
    await session.run(feeds, fetches);
    times.push((performance.now() - begin).toFixed(4));
  }
  console.log(times.join(' '));
}
