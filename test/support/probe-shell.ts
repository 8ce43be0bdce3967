import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SENT_SCRIPT } from '../../lambda/probe/script.ts';

export interface ProbeRunOptions {
  /** What runs the script, e.g. `['busybox', 'ash']`. */
  readonly shell?: readonly string[];
  readonly args?: readonly string[];
  readonly script?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface ProbeRunResult {
  readonly output: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly ms: number;
}

/** Runs the script as the transports do: `sh -s -- ARGUMENTS`, the script on stdin. */
export async function runProbe(options: ProbeRunOptions = {}): Promise<ProbeRunResult> {
  const [shell = 'sh', ...before] = options.shell ?? ['sh'];
  const began = performance.now();
  const child = spawn(shell, [...before, '-s', '--', ...(options.args ?? [])], { env: options.env ?? process.env });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.script ?? SENT_SCRIPT);
  const [output, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { output, stderr, code, ms: performance.now() - began };
}

/** Files of a machine: `/proc/...`, `/etc/...`, `statfs` (`PATH<tab>FIGURES` a line) and, where it has one, `systemctl`. */
export type Machine = Readonly<Record<string, string>>;

/** Reads a recording: what comes before the first `==> NAME` line is its header. */
export function readMachine(path: string): { readonly header: string; readonly machine: Machine } {
  const [header = '', ...parts] = readFileSync(path, 'utf8').split(/^==> /m);
  const files = parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]);
  return { header, machine: Object.fromEntries(files) };
}

const STAT = `#!/bin/sh
while IFS='\t' read -r path figures; do
  [ "$path" != "$4" ] || echo "\${3%%\\%*}$figures"
done <"$0.answers"
`;
/** What the kernel reports of a process in its shorter files, from the `stat` that recordings hold. */
function shorterFiles(path: string, stat: string): Machine {
  const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)/s.exec(stat) ?? [];
  const fields = rest.split(' ');
  const [bytes, pages] = [Number(fields[20]), Number(fields[21])];
  const of = dirname(path);
  return { [`${of}/comm`]: `${name}\n`, [`${of}/statm`]: `${Math.ceil(bytes / 4096)} ${pages} 0 0 0 0 0\n` };
}

const TOOLS = ['sh', 'sleep', 'od', 'printf'];

/** The real script over a recorded machine's files, in a directory of its own that `done` removes. */
export function replay(machine: Machine): { readonly script: string; done(): void } {
  const root = mkdtempSync(join(tmpdir(), 'crawlwatch-replay-'));
  chmodSync(root, 0o755); // Others than root are to read it.
  const put = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode: 0o755 });
  };
  const { statfs = '', systemctl, ...files } = machine;
  put('bin/stat', STAT);
  put('bin/stat.answers', statfs);
  if (systemctl !== undefined) {
    put('bin/systemctl', '#!/bin/sh\nwhile read -r line; do echo "$line"; done <"$0.answers"\n');
    put('bin/systemctl.answers', systemctl);
  }
  for (const tool of TOOLS) symlinkSync(`/usr/bin/${tool}`, join(root, 'bin', tool));
  for (const [path, content] of Object.entries(files)) {
    if (/^\/proc\/\d+\/stat$/.test(path)) {
      for (const [short, text] of Object.entries(shorterFiles(path, content))) put(short, text);
    }
  }
  for (const [path, content] of Object.entries(files)) put(path, content);
  const script = SENT_SCRIPT.replace(/^PATH=\/usr.*$/m, `PATH=${root}/bin`)
    .replaceAll('/proc/', `${root}/proc/`)
    .replaceAll('/etc/', `${root}/etc/`);
  return { script, done: () => rmSync(root, { recursive: true, force: true }) };
}
