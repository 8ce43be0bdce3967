/** Input to the planner in tests: sound by default, so that one thing at a time can hold an act back. */

import type { DescribedInstance } from '../../lambda/discover/instance.ts';
import type {
  Act,
  FreshCheck,
  FreshEvidence,
  Override,
  Reason,
  ReasonCode,
  Requester,
} from '../../lambda/model/index.ts';
import { NO_EVIDENCE, TAG } from '../../lambda/model/index.ts';
import type { Known } from '../../lambda/remedy/plan.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { hungFor, instance, minutesAgo, NOW, REACHED, vitals } from './fleet.ts';
import { NOTE } from './remembered.ts';

export const ID = 'i-00000000000000001';
export const OTHER = 'i-00000000000000002';

/** Everything that may be switched on is. */
export const ALL_ON = parseSettings({ remedies: { restartWorker: true, restartSshd: true, reboot: true } });

export const SCHEDULE: Requester = { kind: 'schedule' };
export const person = (...overrides: Override[]): Requester => ({ kind: 'person', name: 'ana', overrides });

export const FLAG = `BannerTimeout@${minutesAgo(20)}`;
export const WATCHED = { crawlwatch: 'true', [TAG.auto]: 'restart+reboot', [TAG.worker]: 'sidekiq.service' };
export const HUNG = { ...WATCHED, ...hungFor(6), [TAG.flag]: FLAG };
export const troubled = (code: ReasonCode, since = 8) => ({
  ...WATCHED,
  ...REACHED,
  [TAG.status]: `CRITICAL:${code}`,
  [NOTE.since]: minutesAgo(since),
});

export const host = (tags: Readonly<Record<string, string>>, over: Partial<DescribedInstance> = {}) =>
  instance({ id: ID, ...over, tags }, ALL_ON);

export const known = (over: Partial<Known> = {}): Known => ({
  acts: [],
  pause: null,
  resumedAt: null,
  suppressed: false,
  now: NOW,
  ...over,
});

export const at = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);

/** An act so many minutes ago. */
export const act = (minutes: number, over: Partial<Act> = {}): Act => ({
  remedy: 'reboot',
  instanceId: ID,
  at: at(minutes),
  state: 'worked',
  requester: 'schedule',
  boot: '1a2b3c4d',
  since: at(minutes + 20),
  ...over,
});

export interface Checked extends Partial<Omit<FreshCheck, 'report' | 'evidence'>> {
  readonly evidence?: Partial<FreshEvidence>;
  readonly id?: string;
  readonly reasons?: readonly Reason[];
  readonly uptimeSeconds?: number;
}

/** A check just now; by default hung, with EC2's own status check as further evidence. */
export function fresh(over: Checked = {}): FreshCheck {
  const {
    id = ID,
    reasons = [{ code: 'BannerTimeout', text: 'It said nothing.' }],
    uptimeSeconds,
    evidence,
    ...rest
  } = over;
  const kind = rest.kind === undefined ? 'hung' : rest.kind;
  const status = kind === null ? 'OK' : kind === 'inconclusive' ? 'UNKNOWN' : 'CRITICAL';
  return {
    at: NOW,
    kind,
    boot: null,
    scheduledEvents: [],
    report: {
      id,
      name: id,
      address: '10.0.0.1',
      region: 'eu-central-1',
      account: null,
      transport: 'ssh',
      status,
      since: null,
      reasons: kind === null ? [] : reasons,
      notes: [],
      evidence: [],
      recommendation: 'none',
      flagged: true,
      durationMs: 1,
      vitals: uptimeSeconds === undefined ? null : vitals({ uptimeSeconds }),
      forecast: { memoryMinutes: null, diskMinutes: null },
    },
    ...rest,
    evidence: { ...NO_EVIDENCE, ...(evidence ?? { direct: ["EC2's own status check (impaired)"] }) },
  };
}

/** A check just now that the host answered. */
export const answered = (code?: ReasonCode, text = `It was ${code}.`): FreshCheck =>
  fresh({ kind: code === undefined ? null : 'measured', reasons: code === undefined ? [] : [{ code, text }] });
