import { describe, expect, it } from 'vitest';
import { type AckFlags, ack } from '../../../bin/commands/ack.ts';
import { ActingStack, type Asked, ID1, ID2, runCommand } from '../../support/acting.ts';

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
});
