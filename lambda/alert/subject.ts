/** The subject: its first 40 characters, which a phone shows, say status, host and reason with the number. */

import type { RemedyNews } from '../model/index.ts';
import { SUBJECT_MAX } from '../model/index.ts';
import type { HostNews } from './host-news.ts';
import { plainName } from './text.ts';

/** What a phone shows. */
const SHOWN = 40;
const NAME_MIN = 8;

interface SubjectContext {
  readonly unremembered: string | null;
  readonly unread?: readonly string[];
  readonly breaker: { readonly failing: number; readonly eligible: number };
}

/** @param hosts the most urgent first */
export function subjectOf(
  hosts: readonly HostNews[],
  acts: RemedyNews | null,
  { unremembered, unread = [], breaker }: SubjectContext,
): string {
  const count = new Set(hosts.map(({ id }) => id)).size;
  const more = (named: number) => (count > named ? ` (+${count - named} more)` : '');
  const trouble = unremembered !== null ? 'NO STATE: ' : unread.length > 0 ? 'PART UNREAD: ' : '';
  const [first] = hosts;
  const suppressing = hosts.filter(({ urgency }) => urgency === 'suppressed').length;
  if (acts?.pausedNow != null) {
    return `PAUSED automatic acts: reboots in vain${first === undefined ? '' : `, ${first.word} ${shortened(first.name, 20)}`}${more(1)}`.slice(
      0,
      SUBJECT_MAX,
    );
  }
  if (first === undefined) return `${trouble}nothing to say`;
  if (suppressing > 0) {
    const of = breaker.eligible >= suppressing ? `/${breaker.eligible}` : '';
    return `FLAGGING SUPPRESSED ${suppressing}${of} ${first.reason}, ${shortened(first.name, 20)}${more(suppressing)}`.slice(
      0,
      SUBJECT_MAX,
    );
  }
  const { word, name, reason } = first;
  const room = SHOWN - trouble.length - word.length - reason.length - 2;
  return `${trouble}${word} ${shortened(name, Math.max(NAME_MIN, room))} ${reason}${more(1)}`.slice(0, SUBJECT_MAX);
}

/** Cut in the middle: the beginnings of a fleet's names are alike, and their ends are what differs. */
function shortened(name: string, max: number): string {
  const plain = plainName(name);
  if (plain.length <= max) return plain;
  const tail = Math.ceil((max - 2) / 2);
  return `${plain.slice(0, max - 2 - tail)}..${plain.slice(plain.length - tail)}`;
}
