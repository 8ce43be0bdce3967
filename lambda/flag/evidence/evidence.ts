/** What every kind of evidence comes to, together. Pure. */

import { printableAscii } from '../../kit/index.ts';
import type { Transition } from '../../memory/index.ts';
import type {
  EvidenceItem,
  EvidenceKind,
  EvidenceStrength,
  FreshEvidence,
  ProbedInstance,
  RawEvidence,
} from '../../model/index.ts';
import { type Settings, settingsFor } from '../../settings/index.ts';
import { phaseOf } from '../reach.ts';
import { weighConsole } from './console.ts';
import { weighStatus } from './ec2-status.ts';
import { weighHypervisor } from './hypervisor.ts';
import { weighLastFigures } from './last-figures.ts';
import { hasOtherWay, weighOtherTransport } from './other-transport.ts';
import { itemsOf, type Weighed } from './weighed.ts';

/** What is known of an instance beside the path that failed. */
export interface Evidence {
  /** About the hang itself. */
  readonly direct: readonly EvidenceItem[];
  /** What a hang would give, and other things as well. */
  readonly circumstantial: readonly EvidenceItem[];
  readonly against: readonly EvidenceItem[];
  /** What else a person wants to read, a sentence each. */
  readonly notes: readonly string[];
  /** What could not be asked, a sentence each. */
  readonly gaps: readonly string[];
  /** Another transport was asked. */
  readonly hasOtherWay: boolean;
  /** What its hypervisor measured since it failed is not published yet, or could not be read. */
  readonly awaits: 'hypervisor' | null;
}

export const NO_EVIDENCE_YET: Evidence = {
  direct: [],
  circumstantial: [],
  against: [],
  notes: [],
  gaps: [],
  hasOtherWay: false,
  awaits: null,
};

/** @param other the other transport's answer; null where it was not asked */
export function weigh(
  t: Transition,
  raw: RawEvidence | null,
  other: Pick<ProbedInstance, 'instance' | 'outcome'> | null,
  now: Date,
  settings: Settings,
): Evidence {
  const { instance, before, after } = t;
  const failingSince = after.failingSince ?? after.since ?? now;
  const lastGood = raw?.lastGood ?? null;
  const lastAnswer = lastGood !== null && lastGood.at < failingSince ? lastGood.at : failingSince;
  // What it showed before a reboot, though no answer came since, was of another boot.
  const { acted } = before;
  const rebootedAt = acted?.what === 'reboot' || acted?.what === 'booted' ? acted.at : lastAnswer;
  const since = rebootedAt > lastAnswer ? rebootedAt : lastAnswer;
  const phase = phaseOf(t);
  const hypervisor = weighHypervisor(raw?.hypervisor ?? null, { lastAnswer, since, failingSince, now, ...phase });
  const { launchedAt, worker } = instance;
  const { bootedAt } = before;
  const all: readonly (readonly [EvidenceKind, Weighed])[] = [
    [
      'last figures',
      weighLastFigures(lastGood, raw?.memoryEndsAt ?? null, now, settingsFor(settings, instance.limits)),
    ],
    ['other transport', weighOtherTransport(t, other)],
    ['EC2', weighStatus(raw?.impaired ?? null, since, now)],
    ['hypervisor', hypervisor],
    [
      'console',
      weighConsole(raw?.console ?? null, {
        lastAnswer: since,
        bootedAt,
        launchedAt,
        worker,
        reached: phase.reached,
        now,
      }),
    ],
  ];
  const of = (side: 'direct' | 'circumstantial' | 'against') =>
    all.flatMap(([kind, weighed]) => itemsOf(kind, weighed[side], side === 'direct' && weighed.flagsOnly));
  return {
    direct: of('direct'),
    circumstantial: of('circumstantial'),
    against: of('against'),
    notes: all.flatMap(([, { notes = [] }]) => notes),
    gaps: [...(raw?.gaps ?? []), ...all.flatMap(([, { gaps = [] }]) => gaps)],
    hasOtherWay: other !== null && hasOtherWay(other),
    awaits: hypervisor.isAwaited || (raw !== null && raw.hypervisor === null) ? 'hypervisor' : null,
  };
}

export const strengthOf = ({ direct, circumstantial, against }: Evidence): EvidenceStrength =>
  against.length > 0 ? 'against' : direct.length > 0 ? 'direct' : circumstantial.length > 0 ? 'circumstantial' : 'none';

/** As an automatic reboot takes it: direct is only what a host that is merely cut off can't give. */
export function freshEvidence({ direct, circumstantial, against, awaits, gaps }: Evidence): FreshEvidence {
  const texts = (items: readonly EvidenceItem[]) => items.map(({ text }) => text);
  const awaited =
    awaits === null ? [] : ['what its hypervisor measured since it failed is not published yet, or could not be read'];
  return {
    direct: texts(direct.filter(({ flagsOnly }) => flagsOnly !== true)),
    circumstantial: texts([...direct.filter(({ flagsOnly }) => flagsOnly === true), ...circumstantial]),
    against: texts(against),
    unknown: [...awaited, ...gaps],
  };
}

/** A host's evidence in lines of printable ASCII, safe to show; none where none was gathered. */
export function evidenceSentences(evidence: Evidence | undefined): string[] {
  if (evidence === undefined) return [];
  return [
    ...evidence.notes,
    ...evidence.against.map(({ text }) => `Against a hang: ${text}`),
    ...evidence.gaps.map((gap) => `Not known: ${gap}`),
  ].map(printableAscii);
}
