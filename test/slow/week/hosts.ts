/** What happens to each host of the simulated week: the truth that the checks are held against. Seeded. */
import type { FailureReason } from '../../../lambda/model/index.ts';
import type { Behaviour } from '../../support/sandbox-fleet.ts';

export type Trouble = 'hang' | 'blip' | 'full disk' | 'bad key';

/** A trouble of one host; `to` is the first check without it. Of a hang it is when a person reboots the host. */
export interface Episode {
  readonly host: number;
  readonly trouble: Trouble;
  readonly from: number;
  readonly to: number;
  readonly reason: FailureReason;
}

const HANGS: readonly FailureReason[] = ['BannerTimeout', 'ConnectionReset', 'ClosedBeforeBanner', 'HandshakeTimeout'];

/** Troubles that never overlap on a host, with room between them. */
export function episodesOf(hosts: number, checks: number, random: () => number): Episode[] {
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least));
  const kinds: readonly (readonly [Trouble, number, number])[] = [
    ['hang', 5, 60],
    ['hang', 5, 60],
    ['blip', 1, 3],
    ['blip', 1, 3],
    ['full disk', 3, 80],
    ['bad key', 2, 40],
  ];
  return Array.from({ length: hosts }, (_, i) => i + 1).flatMap((host) => {
    const episodes: Episode[] = [];
    let at = between(20, 1_200);
    while (at < checks - 100) {
      const [trouble, least, most] = kinds[between(0, kinds.length)] ?? ['blip', 1, 3];
      const to = at + between(least, most);
      const reason =
        trouble === 'bad key' ? 'AuthenticationFailed' : (HANGS[between(0, HANGS.length)] ?? 'BannerTimeout');
      episodes.push({ host, trouble, from: at, to, reason });
      at = to + between(60, 1_500);
    }
    return episodes;
  });
}

/** What the host does at a check; `boots` counts the reboots it has been through. */
export function behaviourAt(episode: Episode | undefined, host: number, boots: number): Behaviour {
  const bootId = `${String(host).padStart(4, '0')}${String(boots).padStart(4, '0')}-0000-4000-8000-000000000000`;
  if (episode === undefined) return { bootId, availableKb: 8_000_000 + host * 10_000 };
  if (episode.trouble === 'full disk') return { bootId, diskUsedPercent: 97 };
  return episode.reason;
}
