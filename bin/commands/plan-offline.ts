/** `crawlwatch plan --from`: what a saved report calls for, and what would hold it back, as far as a report can tell. */

import { writeState } from '../../lambda/discover/index.ts';
import { clockTime, inertJson, plural } from '../../lambda/kit/index.ts';
import type { Decision, DescribedInstance } from '../../lambda/model/index.ts';
import { isHung, TAG } from '../../lambda/model/index.ts';
import { type Known, planAct, planRemedies } from '../../lambda/remedy/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { settingsFor } from '../settings/index.ts';
import { decisionLine, readSavedReport, type SavedInstance, type SavedReport } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';

/** Taken to stand in nobody's way, since a report doesn't tell. */
const ASSUMED =
  'tags crawlwatch:auto and mute, Auto Scaling, Spot, when it was launched, earlier acts, a pause, the breaker';

/** @returns 0. @throws UsageError where there is no such report. */
export async function planOffline(from: string, output: 'table' | 'json', io: CommandIo): Promise<number> {
  const settings = await settingsFor({}, io);
  const report = await readSavedReport(from, io);
  const decisions = decide(report, settings);
  if (output === 'json') {
    const plan = { version: 1, source: 'report', checkedAt: report.checkedAt, notKnown: ASSUMED, decisions };
    io.stdout.write(`${inertJson(JSON.stringify(plan, null, 2))}\n`);
    return 0;
  }
  const instances = plural(report.instances.length, 'instance');
  const lines = decisions.length === 0 ? [`Nothing is due: of ${instances} none qualifies for any remedy.`] : [];
  io.stdout.write(
    `${[
      ...lines,
      ...decisions.map(decisionLine),
      '',
      `As of ${clockTime(report.checkedAt, new Date())}, by the settings here. Not known from a report: ${ASSUMED}.`,
      report.source === 'aws'
        ? 'Each act is preceded by a fresh check. crawlwatch plan asks the stack, which knows all of it.'
        : 'These are not EC2 instances, the only ones that crawlwatch acts on: it is what it would do if they were.',
    ].join('\n')}\n`,
  );
  return 0;
}

function decide(report: SavedReport, settings: Settings): Decision[] {
  const known: Known = { acts: [], pause: null, suppressed: false, now: report.checkedAt };
  const fleet = report.instances.map((one) => asDescribed(one, report, settings));
  const planned = planRemedies(fleet, known, settings);
  // A hang that isn't flagged calls for nothing yet; that is what somebody may be looking for.
  const hangs = fleet.filter(
    ({ id }, i) => report.instances[i]?.reasons.some(isHung) && !planned.some(({ instanceId }) => instanceId === id),
  );
  return [...planned, ...hangs.map((one) => planAct(one, 'reboot', { kind: 'schedule' }, null, known, settings))];
}

/** The instance as its tags would tell it, had that check written them. */
function asDescribed(one: SavedInstance, { checkedAt }: SavedReport, { tag }: Settings): DescribedInstance {
  const { vitals, reasons } = one;
  const since = one.since ?? checkedAt;
  const hang = reasons.find(isHung);
  const state = writeState({
    status: one.status,
    reasons,
    told: 0,
    kept: [],
    events: [],
    stood: 1,
    since,
    failures: 0,
    flag: one.flagged && hang !== undefined ? { reason: hang, at: since } : null,
    hostKey: null,
    seen: null,
    acted: null,
  });
  const written = Object.entries(state).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
  const uptimeSeconds = vitals?.uptimeSeconds ?? null;
  return {
    id: one.id,
    name: one.name,
    state: 'running',
    platform: 'Linux/UNIX',
    address: null,
    region: null,
    account: null,
    launchedAt: uptimeSeconds === null ? new Date(0) : new Date(checkedAt.getTime() - uptimeSeconds * 1000),
    tags: {
      ...Object.fromEntries(written),
      [tag.key]: tag.value,
      [TAG.auto]: 'restart+reboot',
      ...(vitals?.worker != null && { [TAG.worker]: vitals.worker.unit }),
    },
  };
}
