// The options of benchmarks/run, checked. Bad usage ends the program with exit code 2 and one line. As a program it only checks.
import {fileURLToPath} from 'node:url';
import {peers} from '../engines/engines.mjs';

const known = {
  models: 'resnet18,resnet34,resnet50,resnet101,resnet152,cifar10_resnet20',
  peers: 'ort,torch',
  threads: '1,2',
  batch: '1',
  size: '224x224',
  blocks: '6',
  runs: '10',
  report: 'speed,layers,build',
  winograd: 'auto',
  target: 'host',
  device: 'cpu',
  python: '/usr/bin/python3', // Debian's packages belong to this interpreter
  compile: '',
  json: '',
  work: '',
  build: '',
};

function refuse(message) {
  console.error(`benchmarks/run: ${message}`);
  process.exit(2);
}

function numbers(name, text) {
  const words = text.split(','), list = words.map(Number);
  if (!words.every(word => /^[1-9]\d{0,5}$/.test(word))) refuse(`--${name}: expected positive numbers separated by commas, found '${text}'`);
  return list;
}

function number(name, text) {
  const list = numbers(name, text);
  if (list.length > 1) refuse(`--${name}: expected one positive number, found '${text}'`);
  return list[0];
}

function names(name, text, allowed) {
  const list = text.split(',');
  const other = list.find(item => !allowed.includes(item));
  if (other !== undefined) refuse(`--${name}: expected some of ${allowed.join(', ')}, found '${other}'`);
  return list;
}

// `defaults` gives what depends on where the program is.
export function parseOptions(args, defaults) {
  const text = {...known, ...defaults};
  for (const argument of args) {
    const [, name, value] = argument.match(/^--([a-z]+)=(.+)$/) || [];
    if (!name || !(name in known)) refuse(`expected --NAME=VALUE, NAME one of ${Object.keys(known).join(', ')}, found '${argument}'`);
    text[name] = value;
  }
  if (!/^[1-9]\d*x[1-9]\d*$/.test(text.size)) refuse(`--size: expected HEIGHTxWIDTH, found '${text.size}'`);
  if (!['auto', 'off'].includes(text.winograd)) refuse(`--winograd: expected auto or off, found '${text.winograd}'`);
  names('target', text.target, ['host', 'x86-64', 'x86-64-v3', 'x86-64-v4', 'opencl', 'cuda']);
  return {
    ...text,
    models: text.models.split(','),
    peers: text.peers === 'none' ? [] : names('peers', text.peers, Object.keys(peers)),
    report: names('report', text.report, ['speed', 'layers', 'build']),
    threads: numbers('threads', text.threads),
    batch: numbers('batch', text.batch),
    blocks: number('blocks', text.blocks),
    runs: number('runs', text.runs),
    compile: text.compile.split(' ').filter(Boolean),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) parseOptions(process.argv.slice(2), {});
