/** The runbook on the dashboard: what to do by reason, from the tables that the mails have their commands from. */

import { fixFor } from '../lambda/alert/index.ts';
import { nextStep, REASON_WORDS } from '../lambda/judge/index.ts';
import {
  type InstanceReport,
  kindOf,
  REASON_CLASS,
  type ReasonCode,
  type Recommendation,
} from '../lambda/model/index.ts';
import { type Settings, transportOf } from '../lambda/settings/index.ts';

const CODES = Object.keys(REASON_CLASS) as ReasonCode[];
/** Reasons for which a restart is recommended, as judge/assess.ts has them. */
const RESTARTS: Readonly<Partial<Record<ReasonCode, Recommendation>>> = {
  MemoryExhaustedResponsive: 'restart-worker',
  WorkerDown: 'restart-worker',
  SshdDown: 'restart-sshd',
};
/** Those that a restart of the worker ends as well, at a moment of one's own choice. */
const GROWS: readonly ReasonCode[] = ['MemoryLow', 'MemoryExhaustionForecast', 'MemoryPressure', 'OomKill'];

const PARTS: readonly (readonly [string, readonly ReturnType<typeof kindOf>[]])[] = [
  ['It answers, and reports', ['measured', 'event']],
  ['It hangs', ['hung']],
  ['It could not be checked; no host is flagged for that', ['inconclusive']],
];

/** Markdown for a text widget; reasons of which the same is to be done share an entry. */
export function runbookMarkdown(settings: Settings): string {
  const { runbookUrl } = settings.alerts;
  return [
    '## Runbook: what to do, by reason',
    ...(runbookUrl === null || runbookUrl.includes('{reason}') ? [] : [`Your own: [${runbookUrl}](${runbookUrl})`]),
    'ID is the instance, HOST the way you log in to it. Buttons are in the table at the top; `crawlwatch` is installed from its tarball by `npm i -g`, as its README says. Where a mail says that crawlwatch does it, there is nothing to do by hand.',
    ...PARTS.flatMap(([title, kinds]) => [
      `### ${title}`,
      entriesOf(
        CODES.filter((code) => kinds.includes(kindOf(code))),
        settings,
      ),
    ]),
  ].join('\n\n');
}

function entriesOf(codes: readonly ReasonCode[], settings: Settings): string {
  const entries = new Map<string, ReasonCode[]>();
  for (const code of codes) {
    const advice = adviceFor(code, settings);
    entries.set(advice, [...(entries.get(advice) ?? []), code]);
  }
  const named = (code: ReasonCode) => `**${code}** (${REASON_WORDS[code]})`;
  return [...entries].map(([advice, some]) => `- ${some.map(named).join(', ')}: ${advice}`).join('\n');
}

function adviceFor(code: ReasonCode, settings: Settings): string {
  const kind = kindOf(code);
  switch (kind) {
    case 'inconclusive':
      return sentence(fixFor(code));
    case 'hung':
      return hungAdvice(settings);
    case 'measured':
    case 'event':
      return measuredAdvice(code, settings);
  }
  return kind satisfies never;
}

function hungAdvice({ flag }: Settings): string {
  const flagged = nextStep({ ...SAMPLE, recommendation: 'reboot' });
  return `wait: it may pass, and after ${flag.afterFailures} checks and ${flag.afterMinutes} min it is flagged with the evidence. Flagged: the button Reboot, or \`${commandOf(flagged)}\`. Not flagged, and a mail says that it works: look at the way to it (security group, route, key).`;
}

function measuredAdvice(code: ReasonCode, settings: Settings): string {
  const recommendation = RESTARTS[code] ?? 'investigate';
  const report: InstanceReport = {
    ...SAMPLE,
    ...{ recommendation, transport: transportOf(settings), reasons: [{ code, text: '' }] },
    // It answered.
    vitals: { ...VITALS, worker: { unit: 'UNIT', state: 'failed', restarts: null } },
  };
  const byHand = `\`${commandOf(nextStep(report, () => 'ssh HOST'))}\``;
  if (recommendation === 'restart-worker')
    return `the button Restart worker, \`crawlwatch restart-worker ID\`, or ${byHand}.`;
  if (recommendation === 'restart-sshd')
    return `the button Restart sshd, \`crawlwatch restart-sshd ID\`, or ${byHand}.`;
  if (GROWS.includes(code))
    return `see who holds the memory, ${byHand}; if it grows from check to check, restart the worker before it is gone: \`crawlwatch restart-worker ID\`.`;
  if (code === 'ReadOnlyFilesystem')
    return `see which, ${byHand}; mostly its volume is broken: save what you need, then replace it.`;
  return `see what fills it, ${byHand}, and delete or rotate that.`;
}

/** Of two commands the step between reads as text. */
const commandOf = (step: string | null): string =>
  (step ?? '').replaceAll('i-0123456789abcdef0', 'ID').replace(/ {3}then: /, '` then `');
const sentence = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}.`;

const VITALS: NonNullable<InstanceReport['vitals']> = {
  memory: { totalBytes: 1, availableBytes: 1, freeBytes: null, usedBytes: 0 },
  swap: { totalBytes: null, freeBytes: null },
  disks: [],
  oomKills: null,
  memoryPressure: null,
  processes: [],
  worker: null,
  sshd: null,
  uptimeSeconds: null,
  bootId: null,
  load1: null,
};

/** An instance of whose commands the id is replaced. */
const SAMPLE: InstanceReport = {
  id: 'i-0123456789abcdef0',
  name: 'HOST',
  address: 'HOST',
  region: null,
  account: null,
  transport: 'ssh',
  status: 'CRITICAL',
  since: null,
  reasons: [],
  notes: [],
  evidence: [],
  recommendation: 'none',
  flagged: false,
  durationMs: 0,
  vitals: null,
  forecast: { memoryMinutes: null, diskMinutes: null },
};
