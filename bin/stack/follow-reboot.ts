/** Waits until a rebooted instance is back, by what the checks remember of it. */

import { findInstance } from '../../lambda/discover/index.ts';
import { minutesBetween } from '../../lambda/kit/index.ts';
import type { Instance } from '../../lambda/model/index.ts';
import { trialMinutes } from '../../lambda/remedy/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { progressLine } from '../terminal/index.ts';
import { type Fleet, remembered, type StackPorts } from './client.ts';
import { called, type Target } from './instances.ts';

const POLL_MS = 15_000;

export type Followed =
  | { readonly end: 'back'; readonly says: string }
  | { readonly end: 'not-back'; readonly says: string }
  | { readonly end: 'interrupted' };

/**
 * The instance as of now: its tags, and what the checks remember; where this person may not read that, what the tags
 * show of it. Rejects where EC2 can't be read.
 */
export async function lookAt(
  id: string,
  { settings, region, stack }: Fleet,
  io: CommandIo,
  ports: StackPorts,
): Promise<Instance> {
  const found = await findInstance(ports.ec2, id, region, settings);
  const [one = found] = await remembered([found], stack, io, ports);
  return one;
}

/**
 * Follows one reboot, with its progress on a terminal's stderr. Never rejects: what can't be read now may be
 * readable at the next try.
 * @param before the instance as it was just before the reboot
 */
export async function followReboot(
  target: Target,
  before: Instance,
  fleet: Fleet,
  io: CommandIo,
  ports: StackPorts,
): Promise<Followed> {
  const began = ports.now();
  const most = trialMinutes('reboot', fleet.settings);
  const progress = progressLine(io);
  io.stderr.write(
    `crawlwatch: waiting for ${called(target)} to come back, ${most} minutes at most; Ctrl-C leaves the reboot going\n`,
  );
  for (;;) {
    await ports.sleep(POLL_MS, io.signal);
    if (io.signal.aborted) return end({ end: 'interrupted' });
    const passed = minutesBetween(began, ports.now());
    const found = await lookAt(target.id, fleet, io, ports).catch(() => null);
    const news = found === null ? null : newsOf(before, found, began);
    if (news !== null) {
      return end({ end: 'back', says: `came back within ${Math.max(1, Math.round(passed))} min: ${news}` });
    }
    if (passed >= most) {
      return end({
        end: 'not-back',
        says: `no check has seen it come back in ${most} minutes${stateOf(found)}`,
      });
    }
    progress.show(`${target.name}: not seen back yet, minute ${Math.floor(passed) + 1} of ${most}`);
  }

  function end(followed: Followed): Followed {
    progress.clear();
    return followed;
  }
}

/** The sign that it came back; null where there is none. */
function newsOf(before: Instance, after: Instance, began: Date): string | null {
  const [was, is] = [before.remembered, after.remembered];
  if (was.seen !== null && is.seen !== null && is.seen.boot !== was.seen.boot)
    return `its boot id is now ${is.seen.boot}`;
  // With a boot id from before and one from now, which are equal, no status is a sign.
  if (is.status !== 'OK' || (was.seen !== null && is.seen !== null)) return null;
  // Tags alone don't say since when: then only a status that has changed is a sign.
  const isNewlyWell = is.since === null ? was.status !== null && was.status !== 'OK' : is.since > began;
  return isNewlyWell ? 'a check found it well again' : null;
}

const stateOf = (found: Instance | null): string =>
  found === null || found.state === 'running' ? '' : `; EC2 says it is ${found.state}`;
