/** A person knows of an incident: no reminders until it changes. It stops no act; a mute does. */

import { clockTime, messageOf, orThrow } from '../kit/index.ts';
import type { Ack } from '../model/index.ts';
import { requesterName } from './act.ts';
import type { RemedyAnswer, RequestOf } from './contract.ts';
import type { RemedyPorts } from './ports.ts';

/** @throws where what is remembered of it can't be read or written; the message says which */
export async function acknowledge(
  { instanceId, requester, why, off, dryRun }: RequestOf<'ack'>,
  ports: RemedyPorts,
): Promise<RemedyAnswer> {
  const one = await orThrow('it could not be described', ports.describeInstance(instanceId));
  const now = ports.clock.now();
  const by = requesterName(requester);
  const { incident } = one.remembered;
  const was = incident?.ack;
  const answer = (done: boolean, text: string): RemedyAnswer => ({ done, instanceId, why: text });
  if (incident === null) return answer(false, 'it has no open incident, so there is nothing to acknowledge');
  if (off && was === undefined)
    return answer(false, 'its incident is not acknowledged, so there is nothing to take back');
  const before = was === undefined ? '' : `; before, ${was.by} had at ${clockTime(was.at, now)}`;
  const says = off
    ? `the acknowledgement by ${was?.by} is taken back: reminders go on`
    : `its incident since ${clockTime(incident.openedAt, now)} is acknowledged: no reminder until it gets worse, is flagged, has another reason or ends; acts go on (crawlwatch mute stops them)${before}`;
  if (dryRun) return answer(false, `dry run: ${says}`);
  const ack: Pick<Ack, 'by' | 'at' | 'why'> | null = off ? null : { by, at: now, why };
  await orThrow('that it is acknowledged could not be written', ports.saveAck(instanceId, ack));
  ports.log.info('remedy.acknowledged', { instanceId, off, requester: by, why });
  const entry = {
    at: now,
    instanceId,
    remedy: 'ack',
    outcome: 'done',
    heldBy: null,
    requester: by,
    evidence: [],
  } as const;
  const text = off ? `the acknowledgement by ${was?.by} is taken back` : (why ?? 'no reason given');
  const failed = await ports.saveHistory({ ...entry, why: text }).then(() => null, messageOf);
  const problems = failed === null ? [] : [`its history could not be written: ${failed}`];
  return { ...answer(true, [says, ...problems].join('; ')), problems };
}
