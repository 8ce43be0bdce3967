/** Where OpenSSH's client is installed, crawlwatch gets in where `ssh` gets in, and nowhere else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltProgram, builtProgram } from '../bin/built-program.ts';
import { checksOf, DEADLINE_SECONDS, isIn, leftBehind, matrix, type Row, takeAll } from '../support/ways-in-clients.ts';
import { OPEN_WAYS } from '../support/ways-in-open.ts';
import { REFUSED_WAYS } from '../support/ways-in-refused.ts';
import { hasProgram, type Rig, startRig, waysInMissing } from '../support/ways-in-rig.ts';
import type { Way } from '../support/ways-in-way.ts';

const missing = waysInMissing();
const loudly = (text: string) => process.stderr.write(`\n!!!! ${text}\n`);

let program: BuiltProgram;
let rig: Rig | undefined;
const rows = new Map<Way, Row>();
const unavailable = new Map<Way, string>();

beforeAll(async () => {
  if (missing !== null) {
    loudly(`NO WAY IN WAS TRIED: ${missing}`);
    return;
  }
  if (!hasProgram('ansible')) loudly('ways in: ansible is not installed, so its column is empty');
  program = builtProgram();
  rig = await startRig();
  for (const way of [...OPEN_WAYS, ...REFUSED_WAYS]) {
    const why = way.missing?.(rig) ?? null;
    if (why === null) continue;
    unavailable.set(way, why);
    loudly(`ways in: "${way.name}" was not tried: ${why}`);
  }
  const ways = [...OPEN_WAYS, ...REFUSED_WAYS].filter((way) => !unavailable.has(way));
  for (const row of await takeAll(rig, ways, program.path)) rows.set(row.way, row);
  process.stdout.write(`\n${matrix([...rows.values()])}\n\n`);
});
afterAll(async () => {
  await rig?.close();
  program?.remove();
});

describe('crawlwatch gets in as ssh does', () => {
  it.for(OPEN_WAYS.map((way) => [way.name, way] as const))('by %s', ([, way], context) => {
    const why = missing ?? unavailable.get(way);
    if (why !== undefined) context.skip(why);
    const row = rows.get(way) as Row;
    // The row would show nothing if ssh did not get in itself.
    expect({ ssh: row.ssh, said: row.ssh ? '' : row.sshSaid }).toEqual({ ssh: true, said: '' });
    if (row.ansible !== null)
      expect({ ansible: row.ansible, said: row.ansible ? '' : row.ansibleSaid }).toEqual({ ansible: true, said: '' });
    for (const checked of checksOf(row)) expect(isIn(checked), JSON.stringify(checked, null, 1)).toBe(true);
  });
});

describe('where ssh does not get in, crawlwatch is inconclusive and names the cause', () => {
  it.for(REFUSED_WAYS.map((way) => [way.name, way] as const))('%s', ([, way], context) => {
    const why = missing ?? unavailable.get(way);
    if (why !== undefined) context.skip(why);
    const row = rows.get(way) as Row;
    expect(row.ssh).toBe(false);
    if (row.ansible !== null) expect(row.ansible, row.ansibleSaid).toBe(way.ansibleGetsIn === true);
    for (const { instance, exitCode, stderr } of checksOf(row)) {
      expect(instance, stderr).not.toBeNull();
      expect({ exitCode, status: instance?.status }, JSON.stringify(instance?.reasons)).toEqual({
        exitCode: 3,
        status: 'UNKNOWN',
      });
      const [reason] = instance?.reasons ?? [];
      expect(reason?.code).toMatch(way.refused?.code as RegExp);
      expect(reason?.text).toMatch(way.refused?.text as RegExp);
      expect(instance?.durationMs).toBeLessThan((DEADLINE_SECONDS + 2) * 1000);
    }
  });
});

describe("without OpenSSH's client, crawlwatch gets in, or is inconclusive and names what it can't follow", () => {
  const ways = [...OPEN_WAYS, ...REFUSED_WAYS].filter(({ withoutSsh }) => withoutSsh !== undefined);
  it.for(ways.map((way) => [way.name, way] as const))('%s', ([, way], context) => {
    const why = missing ?? unavailable.get(way);
    if (why !== undefined) context.skip(why);
    const { withoutSsh: checked } = rows.get(way) as Row;
    expect(checked?.instance, checked?.stderr).not.toBeNull();
    if (checked !== null && isIn(checked)) return;
    expect(checked?.instance?.status, JSON.stringify(checked)).toBe('UNKNOWN');
    expect(checked?.instance?.reasons[0]?.text).toMatch(way.withoutSsh as RegExp);
  });
});

it('leaves nothing running, of whatever a ProxyCommand had started', async (context) => {
  if (rig === undefined) return context.skip(missing ?? '');
  const own = rig;
  await expect.poll(() => leftBehind(own)).toEqual([]);
});
