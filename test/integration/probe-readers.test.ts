import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Disk, Vitals } from '../../lambda/model/index.ts';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { directory, hostMissing, mountDisk } from '../support/probe-host.ts';
import { runProbe } from '../support/probe-shell.ts';

if (hostMissing !== null) throw new Error(hostMissing);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** node_exporter's samples, `name{labels}` to value; asked until it listens. */
async function scrape(port: number): Promise<ReadonlyMap<string, number>> {
  for (let tries = 0; ; tries++) {
    try {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const samples = [...page.matchAll(/^([A-Za-z0-9_]+(?:\{.*\})?) (\S+)$/gm)];
      return new Map(samples.map(([, name = '', value]) => [name, Number(value)]));
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8' });

describe('other readers of the same machine', () => {
  const own = directory();
  const mount = `${own.path}/my disk`;
  let unmount = () => {};
  let exporter: ChildProcess;
  let samples: ReadonlyMap<string, number>;
  let vitals: Vitals;
  let free: number[];
  let df: Record<string, number[]>;

  beforeAll(async () => {
    unmount = mountDisk(`${own.path}/image`, mount);
    for (let i = 0; i < 100; i++) writeFileSync(`${mount}/file ${i}`, 'x'.repeat(20_000));
    run('sync');
    const port = await freePort();
    exporter = spawn('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
    await scrape(port);
    const [scraped, probed] = await Promise.all([scrape(port), runProbe()]);
    free = run('free', '-b').split('\n')[1]?.split(/\s+/).slice(1).map(Number) ?? [];
    const fields = '--output=size,used,avail,itotal,iused';
    df = Object.fromEntries(
      ['/', mount].map((path) => [
        path,
        run('df', '-B1', fields, path).split('\n')[1]?.trim().split(/\s+/).map(Number) ?? [],
      ]),
    );
    samples = scraped;
    const outcome = parseVitals(probed.output, null);
    if (outcome.kind !== 'vitals') throw new Error(outcome.text);
    vitals = outcome.vitals;
  });
  afterAll(async () => {
    exporter.kill();
    await once(exporter, 'exit');
    unmount();
    own.done();
  });

  const disk = (path: string): Disk => vitals.disks.find((one) => one.mount === path)!;
  const sample = (name: string): number => samples.get(name) ?? Number.NaN;
  const near = (got: number, other: number, within: number) =>
    expect(Math.abs(got - other)).toBeLessThanOrEqual(within);

  it('agree on memory: node_exporter and free', () => {
    const { totalBytes, availableBytes } = vitals.memory;
    expect(totalBytes).toBe(sample('node_memory_MemTotal_bytes'));
    expect(totalBytes).toBe(free[0]);
    near(availableBytes, sample('node_memory_MemAvailable_bytes'), totalBytes / 100);
    near(availableBytes, free[5] ?? Number.NaN, totalBytes / 100);
    expect(vitals.swap.totalBytes).toBe(sample('node_memory_SwapTotal_bytes'));
  });

  it('agree on a disk at rest to the byte: node_exporter and df', () => {
    const labels = [...samples.keys()].find((name) => name.startsWith('node_filesystem_size') && name.includes(mount));
    const of = (metric: string) => sample(`${labels}`.replace('size_bytes', metric));
    const { totalBytes, availableBytes, usedPercent, inodesUsedPercent } = disk(mount);
    const [size, used = 0, available = 0, inodes = 0, inodesUsed = 0] = df[mount] ?? [];
    expect([totalBytes, availableBytes]).toEqual([size, available]);
    expect([totalBytes, availableBytes]).toEqual([of('size_bytes'), of('avail_bytes')]);
    expect(usedPercent).toBeCloseTo((100 * used) / (used + available), 1);
    expect(inodesUsedPercent).toBeCloseTo((100 * inodesUsed) / inodes, 1);
    expect(inodesUsedPercent).toBeCloseTo(100 - (100 * of('files_free')) / of('files'), 1);
    expect(available).toBeLessThan((size ?? 0) - used); // Some is kept for root, and neither counts it.
  });

  it('agree on the root, within what others write meanwhile', () => {
    const { totalBytes, availableBytes, inodesUsedPercent, usedPercent } = disk('/');
    const [size, used = 0, available = 0, inodes = 0, inodesUsed = 0] = df['/'] ?? [];
    expect(totalBytes).toBe(size);
    near(availableBytes, available, totalBytes / 100);
    near(usedPercent, (100 * used) / (used + available), 1);
    near(inodesUsedPercent ?? Number.NaN, (100 * inodesUsed) / inodes, 1);
  });

  it('agree on load, uptime, pressure and kills', () => {
    near(vitals.load1 ?? Number.NaN, sample('node_load1'), 1);
    near((Date.now() / 1000 - (vitals.uptimeSeconds ?? Number.NaN)) / 60, sample('node_boot_time_seconds') / 60, 1);
    expect(vitals.oomKills).toBe(sample('node_vmstat_oom_kill'));
    expect(vitals.memoryPressure).not.toBeNull();
  });
});
