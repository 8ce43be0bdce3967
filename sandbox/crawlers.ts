/**
 * The ten hosts of the story. Check 1 has the figures that the author of the original script saw; the later checks are the
 * sequel: one more hang, a leak that is forecast, a host whose memory is gone while it still answers, and who helps:
 * people, and crawlwatch where a tag allows it. Only an act on a host changes that host's story.
 */

/** How sshd behaves: it serves, it accepts and resets (it can't fork), or it accepts and sends nothing. */
export type SshBehaviour = 'serves' | 'resets' | 'silent';

/** A crawler at one moment. Memory in kB as /proc/meminfo has it, disk in kB as df -k has it. */
export interface CrawlerState {
  readonly ssh: SshBehaviour;
  readonly usedKb: number;
  readonly diskAvailableKb: number;
  readonly diskUsedPercent: number;
  readonly worker: 'active' | 'failed' | null;
  readonly oomKills: number;
  /** Counts the boots; the boot id and the uptime follow from it. */
  readonly boot: number;
}

export interface Crawler {
  readonly id: string;
  readonly name: string;
  readonly totalKb: number;
  readonly worker: string | null;
  /** The tag crawlwatch:auto: what crawlwatch may do here without a person. */
  readonly auto: 'restart' | 'reboot' | null;
  /** One state for each moment if nobody acts; the first is before the author's check. */
  readonly states: readonly CrawlerState[];
  /** Its state after its worker was restarted or it was rebooted. */
  readonly helped: CrawlerState | null;
}

/** A moment of the story. */
export interface Moment {
  /** Minutes from the story's start. */
  readonly minute: number;
  /** What happened since the moment before; null: nothing. */
  readonly says: string | null;
  /** The host whose instance status check EC2 finds impaired from now on. */
  readonly impaired?: string;
}

const MIB = 1024;
const GIB = 1024 * 1024;
const CRAWLER_KB = 15_666_140;
const WORKER = 'sidekiq.service';

/** A check every five minutes, the stack's default. */
export const STORY: readonly Moment[] = [
  { minute: 0, says: 'all ten answer; everybody works' },
  {
    minute: 5,
    says: 'three workers were killed, fiweb1 is nearly full, ficrawler9 accepts and says nothing',
  },
  { minute: 10, says: 'ficrawler6, which answered five minutes ago, begins to reset every login' },
  { minute: 15, says: 'ficrawler7 goes on leaking; on ficrawler3 memory is gone, and it still answers' },
  { minute: 20, says: 'ficrawler3 works again, and ficrawler9 has booted' },
  { minute: 25, says: "EC2's status check of ficrawler6 fails now, too", impaired: 'ficrawler6' },
  { minute: 30, says: 'somebody has tidied up fiweb1, and restarted the workers that the mails named' },
  ...[35, 40, 45, 50, 55].map((minute) => ({ minute, says: null })),
];

const steady = (state: Omit<CrawlerState, 'ssh' | 'oomKills' | 'boot'>): CrawlerState => ({
  ssh: 'serves',
  oomKills: 0,
  boot: 1,
  ...state,
});

/** Repeats one state at every moment, with changes from given moments on. */
function through(first: CrawlerState, changes: Readonly<Record<number, Partial<CrawlerState>>> = {}): CrawlerState[] {
  let now = first;
  return STORY.map((_, moment) => {
    now = { ...now, ...changes[moment] };
    return now;
  });
}

const crawler = (
  n: number,
  name: string,
  states: CrawlerState[],
  acts: Pick<Crawler, 'auto' | 'helped'> = { auto: null, helped: null },
): Crawler => ({
  id: `i-0f1c2a3b4d5e6${String(n).padStart(4, '0')}`,
  name,
  totalKb: CRAWLER_KB,
  worker: WORKER,
  states,
  ...acts,
});

/** A worker that was killed at moment 1 and restarted at moment 6. */
const killed = (usedKb: number): Readonly<Record<number, Partial<CrawlerState>>> => ({
  1: { usedKb, worker: 'failed', oomKills: 1 },
  6: { usedKb: 3_104_220, worker: 'active' },
});

const FICRAWLER3 = { diskAvailableKb: 1.9 * GIB, diskUsedPercent: 75, worker: 'active' } as const;
const FICRAWLER6 = steady({ usedKb: 946_336, diskAvailableKb: 1.4 * GIB, diskUsedPercent: 83, worker: 'active' });
const FICRAWLER9 = steady({ usedKb: 13_570_420, diskAvailableKb: 1.6 * GIB, diskUsedPercent: 79, worker: 'active' });

export const CRAWLERS: readonly Crawler[] = [
  crawler(
    11,
    'ficrawlerbig',
    through(
      steady({ usedKb: 13_301_772, diskAvailableKb: 1.2 * GIB, diskUsedPercent: 84, worker: 'active' }),
      killed(351_564),
    ),
  ),
  crawler(
    4,
    'ficrawler4',
    through(
      steady({ usedKb: 12_904_116, diskAvailableKb: 1.5 * GIB, diskUsedPercent: 81, worker: 'active' }),
      killed(327_688),
    ),
  ),
  {
    id: 'i-0f1c2a3b4d5e60001',
    name: 'fiweb1',
    totalKb: 65_966_140,
    worker: null,
    auto: null,
    helped: null,
    states: through(steady({ usedKb: 3_847_964, diskAvailableKb: 820 * MIB, diskUsedPercent: 89, worker: null }), {
      1: { diskAvailableKb: 305 * MIB, diskUsedPercent: 96 },
      6: { diskAvailableKb: 3 * GIB, diskUsedPercent: 60 },
    }),
  },
  crawler(
    3,
    'ficrawler3',
    through(steady({ ...FICRAWLER3, usedKb: 8_102_448 }), {
      1: { usedKb: 8_385_776 },
      2: { usedKb: 11_803_312 },
      3: { usedKb: 15_352_816 },
      // What would follow without the restart.
      4: { ssh: 'resets' },
    }),
    { auto: 'restart', helped: steady({ ...FICRAWLER3, usedKb: 2_871_004 }) },
  ),
  crawler(
    5,
    'ficrawler5',
    through(steady({ usedKb: 9_511_684, diskAvailableKb: 1.2 * GIB, diskUsedPercent: 85, worker: 'active' })),
  ),
  crawler(
    6,
    'ficrawler6',
    through(FICRAWLER6, { 2: { ssh: 'resets' } }),
    // A reboot doesn't help this one.
    { auto: 'reboot', helped: { ...FICRAWLER6, ssh: 'resets', boot: 2 } },
  ),
  crawler(
    10,
    'ficrawler10',
    through(
      steady({ usedKb: 13_088_952, diskAvailableKb: 1.2 * GIB, diskUsedPercent: 84, worker: 'active' }),
      killed(351_416),
    ),
  ),
  crawler(
    7,
    'ficrawler7',
    through(steady({ usedKb: 12_128_036, diskAvailableKb: 2 * GIB, diskUsedPercent: 74, worker: 'active' }), {
      1: { usedKb: 12_421_004 },
      2: { usedKb: 12_714_600 },
      3: { usedKb: 13_008_112 },
      4: { usedKb: 13_301_540 },
      5: { usedKb: 13_595_020 },
      6: { usedKb: 2_990_120 },
    }),
  ),
  crawler(
    8,
    'ficrawler8',
    through(steady({ usedKb: 4_821_588, diskAvailableKb: 1.4 * GIB, diskUsedPercent: 82, worker: 'active' })),
  ),
  crawler(9, 'ficrawler9', through(FICRAWLER9, { 1: { ssh: 'silent' } }), {
    auto: 'reboot',
    helped: { ...FICRAWLER9, usedKb: 1_804_224, boot: 2 },
  }),
];

/** What ficrawler9's kernel wrote to its console while it died, two minutes after its last answer: 26 hours after its boot. */
export const DYING_CONSOLE = [
  '[93731.201934] ruby invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0',
  '[93731.207104] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/sidekiq.service,task=ruby,pid=2213,uid=1000',
  '[93731.207712] Out of memory: Killed process 2213 (ruby) total-vm:15211048kB, anon-rss:13770420kB, file-rss:0kB',
  '[93792.118800] systemd-journald[311]: Under memory pressure, flushing caches.',
].join('\r\n');

/**
 * Share of memory that ficrawler7 had available, hour by hour over the week before and every five minutes over the last
 * three hours: it lives between a third and two thirds, and began to leak an hour and a half ago.
 */
export function leakHistory(start: Date): { readonly at: Date; readonly available: number }[] {
  const now = start.getTime();
  const minute = 60_000;
  const hours = Array.from({ length: 7 * 24 - 4 }, (_, i) => {
    const at = new Date(now - (7 * 24 - i) * 60 * minute);
    return { at, available: 0.48 + 0.16 * Math.sin((i / 24) * 2 * Math.PI) };
  });
  const recent = Array.from({ length: 36 }, (_, i) => {
    const before = 180 - i * 5;
    const leaked = Math.max(0, 90 - before) * 0.00374;
    return { at: new Date(now - before * minute), available: 0.226 + 90 * 0.00374 - leaked };
  });
  return [...hours, ...recent];
}
