import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isHung } from '../../lambda/model/index.ts';
import { machineMissing } from './image.ts';
import { bootMachine, type Machine } from './machine.ts';
import { type Checked, rowOf, UNIT, type Watch, watchMachine } from './watch.ts';

const missing = machineMissing();
if (missing !== null && process.env.CRAWLWATCH_MACHINE === 'required') throw new Error(missing);
if (missing !== null) process.stderr.write(`\nSKIPPED, no machine was started: ${missing}\n\n`);

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'machine.md');
/** A small gp2 volume without burst credits has 100 operations a second. */
const SLOW = 100;
/** A disk that hardly answers, as one that is throttled or fails. */
const NEARLY_STOPPED = 15;

const isThrashing = ({ codes }: Checked) =>
  codes.includes('MemoryPressure') || codes.includes('MemoryExhaustedResponsive');
const isHanging = ({ codes }: Checked) => codes.some(isHung);

/** What would be wrong to say of a machine with these figures, whatever else it goes through. */
function expectRightReasons(one: Checked): void {
  const { available, vitals, reasons, codes, durationMs, raw } = one;
  const context = `${rowOf(one)}\n${reasons.map(({ text }) => text).join('\n')}\nIt sent:\n${raw}`;
  const { fullAvg10 = 0, someAvg10 = 0 } = vitals?.memoryPressure ?? {};
  const saysNoProcess = reasons.some(({ text }) => /no process can be started/i.test(text));
  expect(isHanging(one), context).toBe(vitals === null);
  if (saysNoProcess) {
    expect(available, context).toBeLessThan(33);
    // Cut off by the deadline of the check is slow, and no word of the machine's.
    expect(durationMs, context).toBeLessThan(14_900);
  }
  if (available === null) return;
  if (codes.includes('MemoryLow')) expect(available, context).toBeLessThan(15);
  if (codes.includes('MemoryPressure')) expect(Math.max(fullAvg10 / 2.5, someAvg10 / 10), context).toBeGreaterThan(1);
  if (codes.includes('MemoryExhaustedResponsive') && !saysNoProcess) {
    expect(available <= 3 || fullAvg10 >= 40, context).toBe(true);
  }
  if (available < 6 && !codes.includes('MemoryExhaustedResponsive')) expect(codes, context).toContain('MemoryLow');
}

describe('Debian with its own kernel, systemd and OpenSSH, whose crawler leaks', { timeout: 20 * 60_000 }, () => {
  let machine: Machine;
  let watch: Watch;
  beforeAll(async () => {
    if (missing !== null) return;
    machine = await bootMachine();
    watch = watchMachine(machine);
  }, 20 * 60_000);
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });
  afterAll(async () => {
    if (machine === undefined) return;
    if (process.env.UPDATE_DOCS) updatePage(watch.checks, machine);
    await machine.close();
  });

  it('is OK while it crawls', async () => {
    const idle = await watch.check();
    expect(idle).toMatchObject({ status: 'OK', vitals: { oomKills: 0, worker: { unit: UNIT, state: 'active' } } });
  });

  it('is low, then thrashes, then hangs, and each check says that and nothing else', async () => {
    await machine.limitDisks(SLOW);
    await machine.run(`systemctl kill -s USR1 ${UNIT}`);
    watch.begin();
    const low = await watch.checkUntil(({ codes }) => codes.includes('MemoryLow'), 10);
    const before = watch.checks.filter(({ second }) => second < low.second);
    expect(before.filter(isHanging).map(rowOf)).toEqual([]);
    await watch.checkUntil(isThrashing, 10);
    await machine.limitDisks(NEARLY_STOPPED);
    await watch.checkUntil(() => watch.checks.length >= 3 && watch.checks.slice(-3).every(isHanging), 10);
    for (const one of watch.checks) expectRightReasons(one);
  });

  it('is said to have lost its worker to the OOM killer, once it answers again', async () => {
    await machine.limitDisks(null);
    const back = await watch.checkUntil(({ codes }) => codes.includes('WorkerDown'), 15);
    for (const one of watch.checks) expectRightReasons(one);
    expect(back).toMatchObject({ status: 'CRITICAL', recommendation: 'restart-worker' });
    expect(back.codes).toContain('OomKill');
    expect(back.available).toBeGreaterThan(33);
    expect(machine.console()).toMatch(/Out of memory: Killed process \d+ \(crawler\)/);
  });

  it('has its worker restarted, by systemd', async () => {
    expect(await watch.restart('restart-worker')).toEqual({ ok: true, text: `${UNIT} was restarted and is active` });
    const after = await watch.checkUntil(({ status }) => status === 'OK', 3);
    expect(after.vitals?.worker).toMatchObject({ unit: UNIT, state: 'active' });
  });

  it('has its sshd restarted under the very session that asks for it', async () => {
    const pid = () => machine.run('systemctl show -p MainPID --value ssh.service');
    const before = await pid();
    expect(await watch.restart('restart-sshd')).toEqual({ ok: true, text: 'ssh.service was restarted and is active' });
    expect(await pid()).not.toBe(before);
    expect((await watch.check()).status).toBe('OK');
  });

  it('is known after a reset by its new boot id, and the kills of the boot before are no news', async () => {
    const before = watch.checks.at(-1)?.vitals;
    expect(before?.oomKills).toBeGreaterThan(0);
    await machine.reset();
    const after = await watch.checkUntil(({ vitals }) => vitals !== null && vitals.bootId !== before?.bootId, 10);
    expect(after.codes).not.toContain('OomKill');
    expect(after.vitals?.oomKills).toBe(0);
    expect(after.vitals?.uptimeSeconds).toBeLessThan(before?.uptimeSeconds ?? 0);
    expect((await watch.checkUntil(({ status }) => status === 'OK', 5)).vitals?.worker?.state).toBe('active');
  });
});

/** Puts the run into the page, between its two marks. */
function updatePage(checks: readonly Checked[], { accelerator }: Machine): void {
  const [begin, end] = ['<!-- the run -->\n', '<!-- end of the run -->'];
  const page = readFileSync(PAGE, 'utf8');
  const [head, rest = ''] = page.split(begin);
  const tail = rest.split(end)[1];
  const system = checks[0]?.vitals?.system ?? 'unknown';
  const run = [
    `Kernel and distribution: \`${system}\`; processors: ${accelerator === 'kvm' ? 'KVM' : 'emulated (TCG)'}.`,
    '',
    '| second | available % | swap free % | waited for memory %, some / all tasks | check s | status | reasons |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...checks.map(rowOf),
    '',
  ];
  writeFileSync(PAGE, `${head}${begin}\n${run.join('\n')}\n${end}${tail}`);
}
