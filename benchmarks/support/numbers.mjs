// Statistics, and files of raw f32.
import {readFileSync, writeFileSync} from 'node:fs';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const sum = values => values.reduce((a, b) => a + b, 0);
export const product = values => values.reduce((a, b) => a * b, 1);

function readFloats(path) {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

// The largest difference between two files of f32, relative to the largest element of the second.
export function difference(actualPath, expectedPath) {
  const actual = readFloats(actualPath), expected = readFloats(expectedPath);
  let largest = 0, error = actual.length === expected.length ? 0 : Infinity;
  expected.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    const apart = Math.abs(value - actual[i]);
    error = apart <= error ? error : apart; // NaN stays
  });
  return error / largest;
}

// The same values in [-1, 1) for every count.
export function writeRandom(path, count) {
  const values = new Float32Array(count);
  let state = 1;
  for (let i = 0; i < count; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  writeFileSync(path, Buffer.from(values.buffer));
}
