// The engines that take turns: ours and its peers. Each has a name, a version, and a way to be started on a model. A peer that is
// not installed has a reason instead of a version.
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {Server} from '../support/process.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const entry = 'benchmark_entry';

export function ours(tool, {device}) {
  return {
    name: 'resnet',
    label: 'resnet',
    lacks: () => null,
    start: (model, {threads, batch, input, output}) =>
        new Server(tool('resnet-model-server'), [model.library, entry, threads, batch, input, output, device]),
  };
}

function onnxRuntime({build}) {
  const folder = process.env.RESNET_ORT || join(build, 'ort');
  const manifest = join(folder, 'node_modules', 'onnxruntime-node', 'package.json');
  const found = existsSync(manifest);
  return {
    name: 'ort',
    label: 'ONNX Runtime',
    version: found && JSON.parse(readFileSync(manifest, 'utf8')).version,
    absent: found ? null : `no onnxruntime-node in ${folder}`,
    lacks: () => null,
    start: (model, {threads, batch, input, output}) =>
        new Server(process.execPath, [join(here, 'ort_server.mjs'), model.onnx, threads, batch, input, output], {RESNET_ORT: folder}),
  };
}

// On NVIDIA's devices where ours runs there, else on the CPU.
function pytorch({python, target}) {
  const onCuda = target === 'cuda';
  const question = 'import numpy, torch; print(torch.__version__, torch.backends.mkldnn.is_available(), torch.cuda.is_available())';
  let version = null, absent = null;
  try {
    const [number, oneDnn, cuda] = execFileSync(python, ['-c', question], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).trim().split(' ');
    if (onCuda && cuda !== 'True') absent = `the torch ${number} of ${python} finds no CUDA device`;
    version = onCuda ? `${number} on CUDA` : `${number} ${oneDnn === 'True' ? 'with' : 'without'} oneDNN`;
  } catch {
    absent = `${python} has no torch`;
  }
  return {
    name: 'torch',
    label: 'PyTorch',
    version,
    absent,
    lacks: model => (model.torchscript ? null : 'there is no PyTorch module of it'),
    start: (model, {threads, batch, input, output}) =>
        new Server(python, [join(here, 'torch_server.py'), model.torchscript, threads, model.inputShape(batch).join('x'), input, output, onCuda ? 'cuda' : 'cpu']),
  };
}

// In the order of the tables.
export const peers = {ort: onnxRuntime, torch: pytorch};
