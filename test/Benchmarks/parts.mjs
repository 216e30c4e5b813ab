import {strict as assert} from 'node:assert';
import {order} from '../../benchmarks/reports/speed.mjs';
import {boundOf} from '../../benchmarks/reports/layers.mjs';
import {median} from '../../benchmarks/support/numbers.mjs';
import {workOf} from '../../benchmarks/support/work.mjs';

// Each engine is equally often first, and equally often before every other.
for (const engines of [['a', 'b'], ['a', 'b', 'c']]) {
  const rounds = Array.from({length: 2 * engines.length}, (_, i) => order(engines, i));
  for (const engine of engines) assert.equal(rounds.filter(round => round[0] === engine).length, 2);
  for (const [one, other] of [['a', 'b'], ['b', 'a']]) {
    assert.equal(rounds.filter(round => round.indexOf(one) < round.indexOf(other)).length, engines.length);
  }
}

assert.equal(median([3, 1, 2]), 2);
assert.equal(median([4, 1, 2, 3]), 2.5);

// Bytes by symbol: weights, and what an image reads and writes.
const bytes = kernel => {
  const {weights, activations} = workOf({kernel, flops_per_image: 1});
  return [weights, activations];
};
assert.deepEqual(bytes('conv2d_3x3_64x64_56x56_relu_0123456789abcdef'), [4 * 9 * 64 * 64, 4 * 2 * 64 * 56 * 56]);
assert.deepEqual(bytes('conv2d_3x3_s2_128x128_28x28_1f'), [4 * 9 * 128 * 128, 4 * 128 * (56 * 56 + 28 * 28)]);
assert.deepEqual(bytes('conv2d_1x1_s2_256x512_28x28_1f'), [4 * 256 * 512, 4 * (256 + 512) * 28 * 28]); // skips three pixels of four
assert.deepEqual(bytes('conv2d_1x1_64x256_56x56_add_relu_1f'), [4 * 64 * 256, 4 * (64 + 2 * 256) * 56 * 56]);
assert.deepEqual(bytes('conv2d_3x3_g32_128x128_56x56_1f'), [4 * 9 * 128 * 4, 4 * 2 * 128 * 56 * 56]);
assert.deepEqual(bytes('max_pool2d_3x3_s2_64_56x56_1f'), [0, 4 * 64 * (112 * 112 + 56 * 56)]);
assert.deepEqual(bytes('head_2048x1000_7x7_1f'), [4 * 2048 * 1000, 4 * (2048 * 49 + 1000)]);
assert.deepEqual(bytes('linear_512x1000_1f'), [4 * 512 * 1000, 4 * 1512]);
assert.deepEqual(bytes('copy_3_224x224_1f'), [0, 4 * 2 * 3 * 224 * 224]);
assert.deepEqual(bytes('something_else_1f'), [null, null]);
// What a profile tells is taken before what a symbol says.
assert.deepEqual(workOf({kernel: 'conv2d_3x3_16x16_8x8_1f', flops_per_image: 9, performed_flops_per_image: 4, weights_bytes: 1, activation_bytes_per_image: 2}),
                 {flops: 4, weights: 1, activations: 2});

// A step of 2 GFLOP and 1 MB of weights on a machine of 100 GFLOP/s, 10 GB/s from memory and 20 from a cache of 4 MB.
const peak = {threads: 1, gflop_per_second_all: 100, read_gb_per_second_all: 10, caches: [{level: 3, bytes: 4e6, gb_per_second_all: 20}]};
const step = {kernel: '', flops_per_image: 2e9, weights_bytes: 1e6, activation_bytes_per_image: 0, median_ms: 40};
assert.deepEqual(boundOf(step, 1, {weightsBytes: 1e8}, peak), {arithmetic_ms: 20, memory_ms: 0.1, binds: 'arithmetic', share: 0.5});
assert.equal(boundOf(step, 1, {weightsBytes: 2e6}, peak).memory_ms, 0.05);
assert.equal(boundOf({...step, flops_per_image: 0, median_ms: 0.2}, 1, {weightsBytes: 1e8}, peak).share, 0.5);
assert.equal(boundOf({...step, flops_per_image: 0, median_ms: 0.2}, 1, {weightsBytes: 1e8}, peak).binds, 'memory');
// Nothing is known of it.
assert.deepEqual(boundOf({kernel: 'other_1f', flops_per_image: 0, median_ms: 1}, 1, {weightsBytes: 1}, peak),
                 {arithmetic_ms: 0, memory_ms: null, binds: null, share: null});
