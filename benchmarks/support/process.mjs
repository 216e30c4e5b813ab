// Programs that the benchmark starts, and what the system says about them.
import {execFileSync, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';

export function stop(message) {
  console.error(`benchmarks/run: ${message}`);
  process.exit(1);
}

// The standard output of a program that must succeed; an error says what was being done.
export function execute(program, args, doing = program) {
  try {
    return execFileSync(program, args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28});
  } catch (error) {
    return stop(`${doing} failed: ${(error.stderr || error.message).trim().split('\n').pop()}`);
  }
}

// A process that runs a model when it is told to; engines/ has them. Its first line is "ready LOAD FIRST": the milliseconds
// that the model took to load and those of a first run. Then, for every line with a number K, it answers with those of K runs.
export class Server {
  constructor(program, args, environment = {}) {
    this.child = spawn(program, args.map(String), {stdio: ['pipe', 'pipe', 'inherit'], env: {...process.env, ...environment}});
    this.child.on('error', error => stop(`${program}: ${error.message}`));
    this.lines = createInterface({input: this.child.stdout})[Symbol.asyncIterator]();
  }
  async line() {
    const {value, done} = await this.lines.next();
    return done ? stop(`${this.child.spawnargs.slice(0, 3).join(' ')} ended early`) : value;
  }
  async ready() {
    const line = await this.line();
    const [, load, first] = line.match(/^ready ([\d.]+) ([\d.]+)$/) || stop(`${this.child.spawnfile}: expected 'ready LOAD FIRST', found '${line}'`);
    return {load_ms: Number(load), first_run_ms: Number(first)};
  }
  async run(count) {
    this.child.stdin.write(`${count}\n`);
    return (await this.line()).trim().split(' ').map(Number);
  }
  // Bytes: what no other process maps, and the most that was ever resident.
  memory() {
    const bytes = (file, name) => {
      const text = readFileSync(`/proc/${this.child.pid}/${file}`, 'utf8');
      return 1024 * Number(text.match(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm'))[1]);
    };
    return {
      private_bytes: bytes('smaps_rollup', 'Private_Clean') + bytes('smaps_rollup', 'Private_Dirty'),
      peak_bytes: bytes('status', 'VmHWM'),
    };
  }
  async end() {
    const ended = new Promise(resolve => this.child.on('exit', resolve));
    this.child.stdin.end();
    await ended;
  }
}
