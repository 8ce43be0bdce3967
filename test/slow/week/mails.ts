/** Reads mails back: which host each entry is about, and under which title. */
export interface MailedEntry {
  readonly kind: 'suppressed' | 'flagged' | 'held' | 'measured' | 'unknown' | 'recovered' | 'reminder';
  readonly host: string;
}

const TITLES: readonly (readonly [RegExp, MailedEntry['kind']])[] = [
  [/^FLAGGING SUPPRESSED/, 'suppressed'],
  [/^FLAGGED FOR REBOOT/, 'flagged'],
  [/^STILL FLAGGED/, 'reminder'],
  [/^NOT ANSWERING/, 'held'],
  [/^NEEDS ATTENTION/, 'measured'],
  [/^COULD NOT BE CHECKED/, 'unknown'],
  [/^RECOVERED/, 'recovered'],
];

/** Only hosts that a mail names: of many that share a cause it names the first ten. */
export function entriesIn(body: string): MailedEntry[] {
  const entries: MailedEntry[] = [];
  let kind: MailedEntry['kind'] | null = null;
  for (const line of body.split('\n')) {
    kind = TITLES.find(([title]) => title.test(line))?.[1] ?? kind;
    if (kind === null || line.startsWith(' ')) continue;
    for (const [, host = ''] of line.matchAll(/\((i-\d{17})\)/g)) entries.push({ kind, host });
  }
  return entries;
}
