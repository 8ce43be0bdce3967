import { describe, expect, it } from 'vitest';
import { type AckFlags, ack } from '../../../bin/commands/ack.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { ActingStack, type Asked, ID1, ID2, runCommand } from '../../support/acting.ts';
import { NOTE } from '../../support/remembered.ts';

const REQUESTER = expect.stringMatching(/^[\x20-\x7e]{3,64}$/);
const run = (stack: ActingStack, words: string[], flags: Partial<AckFlags> = {}) =>
  runCommand((io) => ack(words, { stack: 'CrawlwatchStack', ...flags }, io, stack.ports));
const fleet = (answer: (asked: Asked) => object) =>
  new ActingStack(answer).watch(ID1, 'ficrawler7').watch(ID2, 'ficrawler8');

describe('crawlwatch ack', () => {
  it('asks for each instance, and says what the function answers; exit code 1 where one has nothing to acknowledge', async () => {
    const stack = fleet(({ instanceId }) => ({
      done: instanceId === ID1,
      instanceId,
      why: instanceId === ID1 ? 'it is\u001b[31m so' : 'it has no open incident',
    }));
    expect(await run(stack, ['ficrawler7', ID2], { why: 'a disk is ordered' })).toEqual({
      exitCode: 1,
      stdout: `ficrawler7 (${ID1}): ack: it is\\x1b[31m so\nficrawler8 (${ID2}): ack: not done: it has no open incident\n`,
      stderr: '',
    });
    const request = { action: 'ack', requester: REQUESTER, why: 'a disk is ordered' };
    expect(stack.asked).toEqual([
      { ...request, instanceId: ID1 },
      { ...request, instanceId: ID2 },
    ]);
  });

  it('takes it back, and rehearses', async () => {
    const stack = fleet(({ instanceId }) => ({ done: false, instanceId, why: 'dry run: it is taken back' }));
    const { exitCode, stdout } = await run(stack, ['ficrawler7'], { off: true, dryRun: true });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `ficrawler7 (${ID1}): ack: dry run: it is taken back\n`,
    });
    expect(stack.asked).toEqual([
      { action: 'ack', instanceId: ID1, requester: REQUESTER, why: null, off: true, dryRun: true },
    ]);
  });

  describe('by a pattern', () => {
    const LOW = { [TAG.status]: 'WARNING:DiskLow', [NOTE.since]: '2026-11-22T07:00:00Z' };
    const id = (n: number) => `i-000000000000000${String(n).padStart(2, '0')}`;
    /** ficrawler1 and 2 have trouble, 3 and 4 don't; web1 has. */
    const some = () => {
      const stack = new ActingStack(({ instanceId }) => ({ done: true, instanceId, why: 'so be it' }));
      for (const n of [1, 2, 3, 4]) stack.watch(id(n), `ficrawler${n}`, n <= 2 ? LOW : {});
      return stack.watch(id(5), 'web1', LOW);
    };
    const asked = (stack: ActingStack) => stack.asked.map(({ instanceId }) => instanceId);

    it('asks for those with an open incident, and counts the others', async () => {
      const stack = some();
      expect(await run(stack, ['ficrawler*'])).toEqual({
        exitCode: 0,
        stdout: `ficrawler1 (${id(1)}): ack: so be it\nficrawler2 (${id(2)}): ack: so be it\n2 more that fit have no open incident\n`,
        stderr: '',
      });
      expect(asked(stack)).toEqual([id(1), id(2)]);
    });

    it('excludes, and asks for what is named beside it whatever is known of that', async () => {
      const stack = some();
      expect((await run(stack, ['*:!web1:!ficrawler2', 'ficrawler4', id(9)])).exitCode).toBe(0);
      expect(asked(stack)).toEqual([id(1), id(4), id(9)]);
    });

    it('says that none has one, with exit code 1; with --off that none is acknowledged', async () => {
      const stack = some();
      expect(await run(stack, ['ficrawler[34]*'])).toEqual({
        exitCode: 1,
        stdout: 'none has an open incident, of 2 instances that fit\n',
        stderr: '',
      });
      const { stdout } = await run(stack, ['web*'], { off: true });
      expect(stdout).toBe('none has an acknowledged incident, of 1 instance that fits\n');
      expect(asked(stack)).toEqual([]);
    });

    it('that fits nothing is refused as mute refuses it', async () => {
      const { exitCode, stderr } = await run(some(), ['wbe1']);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 3,
        stderr:
          'crawlwatch: wbe1 fits no instance tagged crawlwatch=true in eu-central-1, by Name or id; near it: web1; crawlwatch check --list-hosts names all\n',
      });
    });
  });
});
