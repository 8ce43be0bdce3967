import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseVitals } from '../../../lambda/probe/parse-vitals.ts';
import { readMachine, replay, runProbe } from '../../support/probe-shell.ts';

const FIXTURES = new URL('../../fixtures/check-output/', import.meta.url);
const WORKER = 'crawler.service';

/** A header's `# expect PATH = JSON` lines; PATH goes into the vitals, or is `notes`. */
function expectations(header: string): [path: string, value: unknown][] {
  const lines = [...header.matchAll(/^# expect (\S+) = (.+)$/gm)];
  return lines.map(([, path = '', json = '']) => [path, json === 'undefined' ? undefined : JSON.parse(json)]);
}

describe.each(readdirSync(FIXTURES))('the recording %s', (name) => {
  const { header, machine } = readMachine(new URL(name, FIXTURES).pathname);
  const replayed = replay(machine);
  afterAll(replayed.done);

  it('says where it comes from', () => {
    expect(header).toMatch(/^# (Recorded|Synthetic): /);
    expect(expectations(header).length).toBeGreaterThan(3);
  });

  it('gives the figures worked out by hand in its header', async () => {
    const { output } = await runProbe({ script: replayed.script, args: [WORKER] });
    const outcome = parseVitals(output, WORKER);
    if (outcome.kind !== 'vitals') throw new Error(`${outcome.text}\n${output}`);
    const read: Record<string, unknown> = { ...outcome.vitals, notes: outcome.notes };
    for (const [path, value] of expectations(header)) {
      const got = path.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], read);
      expect(got, path).toEqual(value);
    }
  });
});
