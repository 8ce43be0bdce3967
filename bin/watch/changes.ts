/** What changed between two checks of one host, in words. Pure. */

import { duration } from '../../lambda/kit/index.ts';
import type { InstanceReport, ReasonCode, Status } from '../../lambda/model/index.ts';
import { kindOf, shortBoot } from '../../lambda/model/index.ts';

export interface Change {
  readonly at: Date;
  readonly name: string;
  /** The host's status from then on; null: it is no longer listed. */
  readonly status: Status | null;
  readonly text: string;
}

/** A host seen for the first time; in the first check only problems are news. */
export const appeared = (now: InstanceReport): string =>
  now.status === 'OK' ? 'new: OK' : `new: ${now.status}: ${sentences(now)}`;

/** Null where nothing changed that is worth a line. @param since when the former status began. */
export function changeOf(before: InstanceReport, now: InstanceReport, at: Date, since: Date): string | null {
  const said: string[] = [];
  const had = codesOf(before);
  // A kill is an event: that it is over is no news.
  const isOver = (code: ReasonCode) => kindOf(code) !== 'event' && !codesOf(now).includes(code);
  if (before.status !== now.status) {
    const lasted = before.status === 'OK' ? '' : ` after ${duration((at.getTime() - since.getTime()) / 60_000)}`;
    said.push(`${before.status} -> ${now.status}${lasted}${now.status === 'OK' ? '' : `: ${sentences(now)}`}`);
  } else if (codesOf(now).some((code) => !had.includes(code)) || codesOf(before).some(isOver)) {
    said.push(`still ${now.status}: ${sentences(now)}`);
  }
  const [boot, booted] = [before.vitals?.bootId ?? null, now.vitals?.bootId ?? null];
  if (boot !== null && booted !== null && shortBoot(boot) !== shortBoot(booted)) said.push('it was rebooted');
  if (before.flagged !== now.flagged) said.push(now.flagged ? 'flagged for reboot' : 'the reboot flag is gone');
  return said.length === 0 ? null : said.join('; ');
}

const codesOf = ({ reasons }: InstanceReport) => reasons.map(({ code }) => code);
const sentences = ({ reasons }: InstanceReport) => reasons.map(({ code, text }) => `${code}: ${text}`).join(' ');
