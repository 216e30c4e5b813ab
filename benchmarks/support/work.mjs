// What a step of a profile must at least do: operations and bytes. The profile tells (performed_flops_per_image, weights_bytes,
// activation_bytes_per_image); where a library does not know, operations are those of the direct algorithm, and bytes follow from the
// shapes in the kernel's symbol, e.g. conv2d_3x3_s2_64x128_28x28_add_relu_<hash>. The map in a symbol is the result's, unless that has none.

const kElement = 4; // f32

// Kind, flags and shapes of a symbol; null if it is not of the known form.
function parseSymbol(symbol) {
  const [, kind, rest] = symbol.match(/^(conv2d|max_pool2d|avg_pool2d|head|linear|elementwise|copy)_(.+)_[0-9a-f]+$/) || [];
  if (!kind) return null;
  const words = rest.split('_');
  const pair = word => word.split('x').map(Number);
  const tagged = tag => {
    const word = words.find(word => new RegExp(`^${tag}\\d+(x\\d+)?$`).test(word));
    if (!word) return [1, 1];
    const numbers = pair(word.slice(1));
    return numbers.length === 2 ? numbers : [numbers[0], numbers[0]];
  };
  const shapes = words.filter(word => /^\d+(x\d+)*$/.test(word)).map(pair);
  const window = /2d$/.test(kind) ? shapes.shift() : [1, 1];
  const [channels, map] = shapes;
  if (!channels || !window) return null;
  const [from, to] = channels.length === 2 ? channels : [channels[0], channels[0]];
  return {kind, window, from, to, map: map || [1, 1], strides: tagged('s'), groups: tagged('g')[0], adds: words.includes('add')};
}

// A strided window that is smaller than its stride skips pixels of its input.
function bytesOf(symbol) {
  const s = parseSymbol(symbol);
  if (!s) return {weights: null, activations: null};
  const pixels = s.map[0] * s.map[1];
  const read = pixels * Math.min(s.window[0], s.strides[0]) * Math.min(s.window[1], s.strides[1]);
  const weights = {
    conv2d: () => (s.window[0] * s.window[1] * s.from * s.to) / s.groups,
    head: () => s.from * s.to,
    linear: () => s.from * s.to,
  }[s.kind]?.() ?? 0;
  const written = s.kind === 'head' ? s.to : s.to * pixels;
  return {weights: kElement * weights, activations: kElement * (s.from * read + written + (s.adds ? written : 0))};
}

export function workOf(step) {
  const derived = bytesOf(step.kernel);
  return {
    flops: step.performed_flops_per_image ?? step.flops_per_image,
    weights: step.weights_bytes ?? derived.weights,
    activations: step.activation_bytes_per_image ?? derived.activations,
  };
}
