/** What the tests of the real script do to the real machine: other tools, dead mounts, disks, and who is left running. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SENT_SCRIPT } from '../../lambda/probe/script.ts';
import { type ProbeRunOptions, type ProbeRunResult, runProbe } from './probe-shell.ts';

export const SHELLS: Readonly<Record<string, readonly string[]>> = {
  dash: ['dash'],
  bash: ['bash'],
  'bash as sh': ['bash', '--posix'],
  mksh: ['mksh'],
  'busybox ash': ['busybox', 'ash'],
};

/** Why these tests can't run here; null where they can. */
export const hostMissing: string | null =
  ['dash', 'bash', 'mksh', 'busybox', 'toybox', 'setpriv', 'fusermount3', 'prometheus-node-exporter']
    .filter((tool) => !existsSync(`/usr/bin/${tool}`))
    .map((tool) => `no ${tool}`)
    .join(', ') || (process.getuid?.() === 0 ? null : 'not root');

/** A directory of its own, that `done` removes. */
export function directory(): { readonly path: string; done(): void } {
  const path = mkdtempSync(join(tmpdir(), 'crawlwatch-probe-'));
  chmodSync(path, 0o755); // Others than root are to see what is mounted in it.
  return { path, done: () => rmSync(path, { recursive: true, force: true }) };
}

/** Fills a directory with links, so that these tools are all that the script finds. */
export function toolbox(path: string, tools: Readonly<Record<string, string>>): string {
  mkdirSync(path, { recursive: true });
  for (const [name, target] of Object.entries(tools)) symlinkSync(target, join(path, name));
  return path;
}

const APPLETS = ['stat', 'sleep', 'od', 'printf'];
const links = (target: (name: string) => string) => Object.fromEntries(APPLETS.map((name) => [name, target(name)]));
export const TOOLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GNU: { ...links((name) => `/usr/bin/${name}`), sh: '/usr/bin/dash' },
  busybox: { ...links(() => '/usr/bin/busybox'), sh: '/usr/bin/busybox' },
  toybox: { ...links(() => '/usr/bin/toybox'), sh: '/usr/bin/dash' },
};

/** The script with other directories to find its tools in. */
export const withPath = (path: string): string => SENT_SCRIPT.replace(/^PATH=\/usr.*$/m, `PATH=${path}`);

/** Runs the script, and also says which of the processes it started don't end by themselves. */
export async function runAndCount(options: ProbeRunOptions): Promise<ProbeRunResult & { readonly strays: string[] }> {
  const mark = randomUUID();
  const result = await runProbe({ ...options, env: { ...process.env, CRAWLWATCH_TEST: mark } });
  return { ...result, strays: await leftRunning(mark) };
}

/**
 * What has not ended by itself a while after the script that started it. The script ends by a signal what may hang; its
 * clock's `sleep 1` may outlast it, and so may what is killed on a busy machine. What the tests have hang lasts a minute.
 */
export async function leftRunning(mark: string): Promise<string[]> {
  const until = performance.now() + 10_000;
  while (processesMarked(mark).length > 0 && performance.now() < until) await sleep(50);
  return processesMarked(mark).map(({ pid, command }) => `${pid} ${command}`);
}

/** The processes whose environment holds `CRAWLWATCH_TEST=MARK`. */
export function processesMarked(mark: string): { readonly pid: string; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && read(pid, 'environ').includes(`CRAWLWATCH_TEST=${mark}`))
    .map((pid) => ({ pid, command: read(pid, 'cmdline').replaceAll('\0', ' ') }));
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

/** An ext4 file system of its own, in a file, with blocks reserved for root. */
export function mountDisk(image: string, mount: string, megabytes = 64): () => void {
  execFileSync('truncate', ['-s', `${megabytes}M`, image]);
  execFileSync('mkfs.ext4', ['-q', '-m', '5', image]);
  mkdirSync(mount, { recursive: true });
  execFileSync('mount', ['-o', 'loop', image, mount]);
  return () => execFileSync('umount', [mount]);
}
