/** Twenty hosts on loopback for the terminal: two of them hang, and in time things happen on others. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Crawler, CrawlerState } from '../../sandbox/crawlers.ts';
import { record } from '../../sandbox/recording.ts';
import { newKey, type SshHost, startSshHost } from '../../sandbox/ssh-hosts.ts';

const TOTAL_KB = 15_666_140;
const GIB_KB = 1024 ** 2;
const NAMES = [
  ...Array.from({ length: 18 }, (_, i) => `crawler${String(i + 1).padStart(2, '0')}`),
  'crawler-東京-19',
  'crawler-with-a-name-that-is-longer-than-anybody-wants-20',
];
const HUNG = [7, 12];

/** What differs from a quiet day, by host and from which moment on. */
const STORY: Readonly<Record<number, readonly (Partial<CrawlerState> | null)[]>> = {
  3: [{ usedKb: 12_400_000 }, { usedKb: 13_900_000 }, { usedKb: 14_300_000 }, { usedKb: 14_800_000 }],
  5: [null, null, { worker: 'failed', oomKills: 1, usedKb: 420_000 }],
  9: [{ diskUsedPercent: 93, diskAvailableKb: 0.6 * GIB_KB }],
  12: [{ ssh: 'silent' }, null, null, { ssh: 'serves', boot: 2, usedKb: 1_800_000 }],
};

function stateAt(nth: number, moment: number): CrawlerState {
  const quiet: CrawlerState = {
    ssh: HUNG.includes(nth) ? 'silent' : 'serves',
    usedKb: 4_000_000 + ((nth * 7_919) % 17) * 420_000,
    diskAvailableKb: 3 * GIB_KB,
    diskUsedPercent: 40 + ((nth * 31) % 35),
    worker: 'active',
    oomKills: 0,
    boot: 1,
  };
  const changes = (STORY[nth] ?? []).slice(0, moment + 1);
  return Object.assign({}, quiet, ...changes.map((change) => change ?? {})) as CrawlerState;
}

export interface TerminalFleet {
  /** Where `~/.ssh/id_ed25519` and `crawlers.ini` lie. */
  readonly home: string;
  moment(moment: number): void;
  /** Rewrites the inventory without these. */
  leaveOut(names: readonly string[]): void;
  close(): Promise<void>;
}

/** @param home an empty folder */
export async function startTerminalFleet(home: string): Promise<TerminalFleet> {
  const key = newKey();
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, '.ssh', 'id_ed25519'), key.private, { mode: 0o600 });
  const crawlers = NAMES.map((name, i): Crawler => {
    const id = `i-0000000000000${String(i + 1).padStart(4, '0')}`;
    return { id, name, totalKb: TOTAL_KB, worker: 'sidekiq.service', auto: null, helped: null, states: [] };
  });
  const recordingOf = (crawler: Crawler, nth: number, moment: number) =>
    record(join(home, 'recordings', `${nth}`), crawler, stateAt(nth, moment), 93_600 + moment * 60);
  const hosts: SshHost[] = [];
  for (const [i, crawler] of crawlers.entries()) {
    hosts.push(await startSshHost(key.public, stateAt(i + 1, 0).ssh, recordingOf(crawler, i + 1, 0)));
  }
  const leaveOut = (names: readonly string[]) => {
    const lines = hosts.flatMap(({ port }, i) =>
      names.includes(NAMES[i] ?? '')
        ? []
        : [`${NAMES[i]} ansible_host=127.0.0.1 ansible_user=ubuntu ansible_port=${port}`],
    );
    writeFileSync(
      join(home, 'crawlers.ini'),
      `[crawlers]\n${lines.join('\n')}\n[crawlers:vars]\ncrawlwatch_worker=sidekiq.service\n`,
    );
  };
  leaveOut([]);
  return {
    home,
    moment: (moment) => {
      for (const [i, crawler] of crawlers.entries()) {
        hosts[i]?.behave(stateAt(i + 1, moment).ssh, recordingOf(crawler, i + 1, moment));
      }
    },
    leaveOut,
    close: async () => {
      await Promise.all(hosts.map((host) => host.close()));
    },
  };
}
