import { headsIn } from '../../support/mail-heads.ts';

/** Reads mails back: which host each entry is about, and under which title. */
export interface MailedEntry {
  readonly kind: 'suppressed' | 'flagged' | 'held' | 'measured' | 'unknown' | 'recovered' | 'reminder';
  readonly host: string;
}

const TITLES: readonly (readonly [RegExp, MailedEntry['kind']])[] = [
  [/^NOT FLAGGED/, 'suppressed'],
  [/^FLAGGED FOR REBOOT/, 'flagged'],
  [/^STILL FLAGGED/, 'reminder'],
  [/^(UNSTABLE, )?(NOT ANSWERING|CANNOT BE REACHED)/, 'held'],
  [/^(UNSTABLE, )?(CRITICAL|WARNING)/, 'measured'],
  [/^(UNSTABLE, )?COULD NOT BE CHECKED/, 'unknown'],
  [/^(RECOVERED|ANSWERS AGAIN|BETTER)/, 'recovered'],
];

/** Only hosts that a mail names: of many that share a cause it names the first ten. */
export function entriesIn(body: string): MailedEntry[] {
  return headsIn(body).flatMap(({ hosts, title }) => {
    const kind = TITLES.find(([one]) => one.test(title))?.[1];
    return kind === undefined ? [] : hosts.map((host) => ({ kind, host }));
  });
}
