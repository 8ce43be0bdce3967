/** What a person may ask of the remedy function beside acts: to take a flag away, to pause all acts, to go on. */

import { clockTime } from '../kit/index.ts';
import type { Decision, Pause } from '../model/index.ts';
import { TAG } from '../model/index.ts';
import { askerName, because, messageOf } from './act.ts';
import type { RemedyAnswer, RemedyPorts } from './ports.ts';
import type { PauseRequest, UnflagRequest } from './request.ts';

/** Takes the reboot flag away, from whatever carries it: muted, stopped or opted out. */
export async function unflag({ instanceId, asker, dryRun }: UnflagRequest, ports: RemedyPorts): Promise<RemedyAnswer> {
  const one = await because('its tags could not be read', ports.describeInstance(instanceId));
  const flag = one.tags[TAG.flag];
  const decision = (heldBy: Decision['heldBy'], why: string): Decision => ({
    instanceId,
    name: one.name,
    remedy: 'reboot',
    heldBy,
    why,
  });
  const answer = (done: boolean, why: string, heldBy: Decision['heldBy']): RemedyAnswer => ({
    done,
    instanceId,
    why,
    decisions: [decision(heldBy, why)],
  });
  if (flag === undefined) return answer(false, 'it carries no reboot flag', 'not-flagged');
  if (dryRun) return answer(false, `dry run: would take away the flag ${flag}`, null);
  await because('the flag could not be taken away', ports.removeFlag(instanceId));
  const by = askerName(asker);
  const at = ports.clock.now();
  const why = `the flag ${flag} is taken away; a check sets it anew if the host still hangs`;
  ports.log.info('remedy.unflagged', { instanceId, flag, asker: by });
  const entry = {
    at,
    instanceId,
    remedy: 'unflag',
    outcome: 'done',
    heldBy: null,
    why,
    asker: by,
    evidence: [],
  } as const;
  const failed = await ports.saveHistory(entry).then(() => null, messageOf);
  const problems = failed === null ? [] : [`its history could not be written: ${failed}`];
  return { ...answer(true, [why, ...problems].join('; '), null), problems };
}

/** From now on nothing is done, whoever asks; or it goes on. What is under way is not called back. */
export async function setPause(request: PauseRequest, ports: RemedyPorts): Promise<RemedyAnswer> {
  const now = ports.clock.now();
  const who = askerName(request.asker);
  const { pause: was } = await because('the pause could not be read', ports.readRecord());
  const answer = (why: string, pause: Pause | null): RemedyAnswer => ({
    done: !request.dryRun,
    instanceId: null,
    why: request.dryRun ? `dry run: ${why}` : why,
    pause: request.dryRun ? was : pause,
  });
  if (request.action === 'resume') {
    if (!request.dryRun) {
      await because('the pause could not be ended', ports.savePause({ who, why: 'resumed', from: now, until: now }));
      ports.log.info('remedy.resumed', { who, was });
    }
    if (was === null) return answer('nothing was paused', null);
    return answer(`the pause by ${was.who} since ${clockTime(was.from, now)} is over`, null);
  }
  const pause: Pause = { who, why: request.why, from: now, until: request.until };
  if (!request.dryRun) {
    await because('the pause could not be written', ports.savePause(pause));
    ports.log.info('remedy.paused', { ...pause });
  }
  const end = pause.until === null ? 'until somebody resumes' : `until ${clockTime(pause.until, now)}`;
  return answer(`nothing is done from now on, ${end}; checks and mails go on`, pause);
}
