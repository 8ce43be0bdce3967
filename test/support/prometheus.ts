/** Debian's Prometheus, with its own configuration and data in a directory of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An interrupted run must leave no server behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Why it can't run here; null where it can. */
export const prometheusMissing: string | null =
  spawnSync('prometheus', ['--version']).error === undefined ? null : 'no prometheus: install the package prometheus';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  readonly url: string;
  /** Evaluates an expression now. */
  query(expression: string): Promise<readonly Series[]>;
  /** Evaluates it until something fulfils it. @throws with Prometheus' log where it ends meanwhile */
  until(expression: string): Promise<readonly Series[]>;
  get<T>(path: string): Promise<T>;
  close(): Promise<void>;
}

/** @param config its prometheus.yml @throws where it does not start, with its log */
export async function startPrometheus(config: string): Promise<Prometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'crawlwatch-prometheus-'));
  const file = join(directory, 'prometheus.yml');
  writeFileSync(file, config);
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  running.add(child);
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
    child.emit('logged');
  });
  const gone = once(child, 'exit').then(() => {
    throw new Error(`prometheus ended: ${log}`);
  });
  gone.catch(() => {});
  while (!log.includes('Server is ready')) await Promise.race([once(child, 'logged'), gone]);

  const url = `http://127.0.0.1:${port}`;
  async function get<T>(path: string): Promise<T> {
    const answer = await Promise.race([fetch(`${url}${path}`), gone]);
    const body = (await answer.json()) as { readonly status: string; readonly data: T };
    if (body.status !== 'success') throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body.data;
  }
  async function query(expression: string): Promise<readonly Series[]> {
    const { result } = await get<{
      readonly result: readonly { readonly metric: Series['metric']; readonly value: readonly [number, string] }[];
    }>(`/api/v1/query?query=${encodeURIComponent(expression)}`);
    return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }
  return {
    url,
    get,
    query,
    async until(expression) {
      for (;;) {
        const found = await query(expression);
        if (found.length > 0) return found;
        await sleep(100);
      }
    },
    async close() {
      child.kill('SIGTERM');
      await gone.catch(() => {});
      running.delete(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago: Prometheus doesn't say which one it has chosen. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
