/** docs/reference/reasons.md, from the catalogue of reasons. */
import { REASON_WORDS } from '../../../lambda/judge/words.ts';
import { REASON_CLASS, type ReasonClass, type ReasonCode } from '../../../lambda/model/index.ts';
import { markdownTable } from '../readme-tables.ts';
import { page } from './text.ts';

const CLASS_SAYS: Readonly<Record<ReasonClass, readonly [heading: string, says: string]>> = {
  measured: ['The host answered', 'WARNING or CRITICAL, by the thresholds in the settings.'],
  event: ['It happened once', 'WARNING for that one check.'],
  hung: ['The host hangs', 'CRITICAL. Counts towards the reboot flag.'],
  ambiguous: [
    'The host hangs, or something else is wrong',
    'CRITICAL. Leads to the reboot flag only where other evidence confirms a hang.',
  ],
  inconclusive: ['The check could not be made', 'UNKNOWN. Never leads to the reboot flag.'],
};

const CODES = Object.entries(REASON_CLASS) as [ReasonCode, ReasonClass][];

export const reasonsPage = (): string =>
  page(
    'Reasons',
    'For the person who reads a status: every reason code, what it means in a few words, and whether it can lead to a reboot.',
    'Each code links to its part of the runbook: what it means, what to look at and what to do.',
    ...(Object.entries(CLASS_SAYS) as [ReasonClass, readonly [string, string]][]).map(
      ([kind, [heading, says]]) =>
        `## ${heading}\n\n${says}\n\n${markdownTable(
          ['reason', 'in words'],
          CODES.filter(([, one]) => one === kind).map(([reason]) => [
            `[\`${reason}\`](../runbook.md#${reason.toLowerCase()})`,
            REASON_WORDS[reason],
          ]),
        )}`,
    ),
  );
