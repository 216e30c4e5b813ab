// Checks the form of a benchmark's JSON: check-results.mjs RESULTS.json
import {strict as assert} from 'node:assert';
import {readFileSync} from 'node:fs';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const positive = (object, ...names) => names.forEach(name => assert.ok(object[name] > 0, `${name}: ${object[name]}`));

for (const peak of Object.values(results.peaks)) positive(peak, 'gflop_per_second', 'gflop_per_second_all', 'read_gb_per_second', 'read_gb_per_second_all');
for (const row of results.speed || []) {
  positive(row, 'threads', 'batch', 'gflop_per_second', 'peak_share');
  for (const [name, engine] of Object.entries(row.engines)) {
    positive(engine, 'median_ms', 'min_ms');
    assert.equal(engine.ms.length, results.options.blocks);
    if (name === 'resnet') continue;
    positive(engine, 'ratio', 'ratio_low', 'ratio_high');
    assert.ok(engine.difference <= 1e-4, `difference: ${engine.difference}`);
  }
}
for (const row of results.layers || []) {
  positive(row, 'total_ms');
  for (const step of row.steps) {
    positive(step, 'median_ms', 'memory_ms', 'share');
    assert.equal(step.algorithm === '', !/^(conv2d|stem)_/.test(step.kernel), step.kernel);
    if (step.algorithm === 'direct') assert.equal(step.work.flops, step.flops_per_image, step.kernel);
    assert.match(step.binds, /^(arithmetic|memory)$/);
    assert.equal(step.arithmetic_ms > 0, step.flops_per_image > 0, step.kernel);
  }
}
for (const row of results.build || []) {
  positive(row, 'cold_seconds', 'warm_seconds', 'cold_peak_bytes', 'library_bytes', 'model_bytes', 'weights_bytes');
  for (const engine of Object.values(row.engines)) positive(engine, 'load_ms', 'first_run_ms', 'private_bytes', 'peak_bytes');
}
