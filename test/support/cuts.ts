/** The table of cuts: healthy hosts that only can't be asked, and real hangs beside them. */

import { seeded } from '../../tools/random.ts';
import {
  type Cut,
  HANGS,
  type Hang,
  LivedFleet,
  type LivedHost,
  type Metrics,
  MINUTE,
  type Road,
} from './lived-fleet.ts';

/** Which hosts a cut can reach at once. */
export type Scope = 'one' | 'subnet' | 'all';
type Named = Cut & { readonly scopes?: readonly Scope[] };

const OPEN = { ssh: null, ssm: null, traffic: 1 };
/** SYNs into the void, and their retries. */
const NO_TRAFFIC = { traffic: 0.003, cpu: 3 };

/**
 * What each of them does to a road, and why. AWS's own networks drop: they never answer with an ICMP error or a reset, so
 * that what is missing looks like silence, the ConnectTimeout of SSH and the command that no agent takes of SSM.
 */
export const CUTS: readonly Named[] = [
  // Inbound port 22 is gone from the group. The agent calls out, and so does the crawler.
  { ...OPEN, name: 'security group', ssh: 'ConnectTimeout' },
  // The route or peering from the check's VPC. The hosts' own way out is another one.
  { ...OPEN, name: 'route', ssh: 'ConnectTimeout' },
  // Stateless: inbound 22 is denied, what the hosts asked for comes back.
  { ...OPEN, name: 'network ACL, inbound', ssh: 'ConnectTimeout' },
  // All of it is denied: the crawler waits for answers, too.
  { ...NO_TRAFFIC, name: 'network ACL, everything', ssh: 'ConnectTimeout', ssm: 'silent' },
  // Inside a VPC SSH goes on; the agent's endpoints and the web are beyond the NAT.
  { ...NO_TRAFFIC, name: 'NAT', ssh: null, ssm: 'silent' },
  // The agent's way alone: crawlers that go through a proxy or an own address.
  { ...OPEN, name: 'NAT beside a proxy', ssm: 'silent' },
  // Crawlers and agents ask names, SSH goes by address; what is cached goes on for a while.
  { name: 'DNS of the hosts', ssh: null, ssm: 'silent', traffic: 0.04, cpu: 4 },
  // sshd with UseDNS waits for the resolver before it lets anybody in: a healthy host that was reached, and is silent.
  { name: 'DNS of the hosts, UseDNS', ssh: 'HandshakeTimeout', ssm: 'silent', traffic: 0.04, cpu: 4 },
  // The check resolves nothing: names of hosts, and SSM's own endpoint, which fails as a whole.
  { ...OPEN, name: 'DNS of the check', ssh: 'NameNotResolved', ssm: 'NotChecked', scopes: ['all'] },
  { ...OPEN, name: 'key rotated', ssh: 'AuthenticationFailed' },
  { ...OPEN, name: 'host keys changed', ssh: 'HostKeyMismatch' },
  // No login can be started and the agent's worker is wedged: both were reached, and the crawler crawls on.
  { ...OPEN, name: 'sshd and agent wedged', ssh: 'BannerTimeout', ssm: 'CommandTimeout' },
  // Another port, or a firewall on the host that rejects.
  { ...OPEN, name: 'sshd moved', ssh: 'ConnectionRefused' },
  { ...OPEN, name: 'agent stopped', ssm: 'silent' },
  // The agent's credentials run out, and it goes silent.
  { ...OPEN, name: 'instance profile removed', ssm: 'silent' },
  // SSM forgets a node that was deregistered by hand.
  { ...OPEN, name: 'agent deregistered', ssm: 'SsmNotManaged' },
  // The check's side can't reach the zone; in it all is well.
  { ...OPEN, name: 'zone cut from the check', ssh: 'ConnectTimeout', ssm: 'silent', scopes: ['subnet'] },
  { ...NO_TRAFFIC, name: 'zone cut', ssh: 'ConnectTimeout', ssm: 'silent', scopes: ['subnet'] },
  // A group that lets nothing in or out. What its finder wants to keep is in memory.
  { name: 'quarantine', ssh: 'ConnectTimeout', ssm: 'silent', traffic: 0.0005, cpu: 2, scopes: ['one'] },
  // The same, of a host whose intruder mines coins.
  { name: 'quarantine, busy', ssh: 'ConnectTimeout', ssm: 'silent', traffic: 0.0005, cpu: 100, scopes: ['one'] },
  // A crawler that spins on its failed requests.
  { name: 'NAT, busy', ssh: null, ssm: 'silent', traffic: 0.003, cpu: 100 },
  { name: 'network ACL, busy', ssh: 'ConnectTimeout', ssm: 'silent', traffic: 0.003, cpu: 100 },
];

export interface Row {
  readonly cut: Named;
  /** Minutes over which hosts are lost. */
  readonly stagger: number;
  readonly hosts: number;
  readonly scope: Scope;
  readonly memory: number;
  readonly road: Road;
  readonly metrics: Metrics;
}

const DIMENSIONS = {
  stagger: [0, 40],
  hosts: [1, 2, 3, 10, 40, 100],
  scope: ['one', 'subnet', 'all'],
  memory: [50, 11, 5, 2],
  road: ['ssh', 'ssm', 'auto'],
  metrics: ['there', 'late', 'missing'],
} as const;

/** Whether the row is one: a road that the check uses is cut, and the scope means something in this fleet. */
function isRow({ cut, road, hosts, scope, stagger, metrics }: Row): boolean {
  const isCut = road === 'ssh' ? cut.ssh !== null : road === 'ssm' ? cut.ssm !== null : cut.ssh !== null;
  // Without metrics nothing tells the one that is wedged from one that hangs.
  if (cut.name === 'sshd and agent wedged' && metrics === 'missing') return false;
  if (!isCut || !(cut.scopes ?? DIMENSIONS.scope).includes(scope)) return false;
  if (hosts === 1 && scope !== 'one' && cut.scopes?.includes('one') !== false) return false;
  // Five hosts to a subnet, or a fifth of the fleet: of up to five it is all of them.
  if (hosts <= 3 && scope === 'subnet' && cut.scopes === undefined) return false;
  return stagger === 0 || (scope !== 'one' && hosts > 1);
}

/** Every row of the product. */
export function* everyRow(): Generator<Row> {
  for (const cut of CUTS)
    for (const stagger of DIMENSIONS.stagger)
      for (const hosts of DIMENSIONS.hosts)
        for (const scope of DIMENSIONS.scope)
          for (const memory of DIMENSIONS.memory)
            for (const road of DIMENSIONS.road)
              for (const metrics of DIMENSIONS.metrics) {
                const row = { cut, stagger, hosts, scope, memory, road, metrics };
                if (isRow(row)) yield row;
              }
}

/** Keys of a row's combinations of so many dimensions. */
function combinations(row: Row, size: number): string[] {
  const values = [row.cut.name, row.stagger, row.hosts, row.scope, row.memory, row.road, row.metrics];
  const keys: string[] = [];
  for (let mask = 0; mask < 1 << values.length; mask++) {
    const chosen = values.flatMap((value, n) => ((mask >> n) & 1 ? [`${n}=${value}`] : []));
    if (chosen.length === size) keys.push(chosen.join());
  }
  return keys;
}

/** Rows of the product that hold every combination of `size` values that the product has; the same for a seed. */
export function sample(rows: Iterable<Row>, size: number, seed: number): Row[] {
  const random = seeded(seed);
  const shuffled = [...rows].map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at);
  const seen = new Set<string>();
  return shuffled.flatMap(({ row }) => {
    const keys = combinations(row, size).filter((key) => !seen.has(key));
    for (const key of keys) seen.add(key);
    return keys.length === 0 ? [] : [row];
  });
}

/** Beside the sample every cut of one or two hosts, with nothing to compare them with, over every road. */
export const pairs = (): Row[] =>
  [...everyRow()].filter(({ hosts, memory, stagger }) => hosts === 2 && memory === 2 && stagger === 0);

export const titleOf = ({ cut, stagger, hosts, scope, memory, road, metrics }: Row): string =>
  `${cut.name}: ${scope} of ${hosts} over ${stagger} min, ${memory} % of memory, ${road}, metrics ${metrics}`;

/**
 * Something that can be known forbids a flag: its traffic goes on, or its other road answers. Of a host that was reached
 * usual traffic forbids the reboot alone.
 */
export const hasEvidenceAgainst = ({ cut, road, metrics }: Row): boolean =>
  (cut.name !== 'sshd and agent wedged' && cut.traffic >= 0.25 && metrics !== 'missing') ||
  (road === 'auto' && cut.ssm === null);

const CHECKS = 36;
const perSubnet = (hosts: number): number => Math.max(5, hosts / 5);

function fleetOf(row: Pick<Row, 'hosts' | 'road' | 'metrics' | 'memory'>, offset: number): LivedFleet {
  const fleet = new LivedFleet({ ...row, perSubnet: perSubnet(row.hosts) });
  // Checks and CloudWatch's periods begin at moments of their own; and how long SSM calls a silent agent online varies.
  fleet.pingMinutes = offset % 2 === 0 ? 10 : 25;
  fleet.sandbox.now = new Date(fleet.now + offset * MINUTE);
  return fleet;
}

const hostsIn = ({ hosts: all }: LivedFleet, scope: Scope): readonly LivedHost[] =>
  scope === 'all' ? all : all.slice(0, scope === 'one' ? 1 : perSubnet(all.length));

export interface Lived {
  /** Hosts that carried the flag at some time. */
  readonly flagged: number;
  readonly rebooted: number;
  readonly cut: number;
}

/** Three hours of checks from when the cut begins, with all remedies switched on. */
export async function liveCut(row: Row, offset = 2): Promise<Lived> {
  const fleet = fleetOf(row, offset);
  const lost = hostsIn(fleet, row.scope);
  // The cut comes after three checks.
  for (const host of lost) fleet.noise(host, 15);
  for (let n = 0; n < 3; n++) await fleet.check();
  for (const [n, host] of lost.entries()) {
    const after = lost.length === 1 ? 0 : (n / (lost.length - 1)) * row.stagger;
    // A miner was busy before it was found.
    if (row.cut.name === 'quarantine, busy') host.cpu = 100;
    fleet.cut(host, row.cut, fleet.now + after * MINUTE + 1);
  }
  const flagged = new Set<LivedHost>();
  for (let n = 0; n < CHECKS; n++) {
    await fleet.check();
    for (const host of fleet.flagged) flagged.add(host);
  }
  return { flagged: flagged.size, rebooted: fleet.reboots.length, cut: lost.length };
}

export interface HangRow extends Pick<Row, 'hosts' | 'road' | 'metrics' | 'memory'> {
  readonly hang: Hang;
  readonly hung: number;
  /** Minutes after a check at which they hang. */
  readonly at: number;
  /** A cut of other hosts, no more than the breaker allows. */
  readonly beside: Cut | null;
}

/** Every real hang of the table. */
export function* everyHang(): Generator<HangRow> {
  const beside = CUTS.find(({ name }) => name === 'security group') as Cut;
  for (const hosts of DIMENSIONS.hosts)
    for (const road of DIMENSIONS.road)
      for (const metrics of DIMENSIONS.metrics)
        for (const memory of [50, 2])
          for (const hang of HANGS)
            for (const at of [0, 4])
              for (const [hung, other] of [
                [1, null],
                [2, null],
                [1, beside],
              ] as const) {
                if ((hung > 1 || other !== null) && hosts < 10) continue;
                // SSM alone is not cut by a security group that closes port 22.
                if (other !== null && road === 'ssm') continue;
                const row = { hosts, road, metrics, memory, hang, at, hung, beside: other };
                if (isShown(row)) yield row;
              }
}

/** What can be known of it shows the hang: it was reached, or its hypervisor says so. A silent agent alone has many causes. */
const isShown = ({ road, metrics, hang }: HangRow): boolean =>
  road !== 'ssm' || hang.ssm === 'CommandTimeout' || metrics !== 'missing';

export const hangTitle = ({ hosts, road, metrics, memory, hang, at, hung, beside }: HangRow): string =>
  `${hung} of ${hosts} hang (${hang.ssh}, ${hang.ssm}, CPU ${hang.cpu}, reads x${hang.reads}) ${at} min after a check, ${memory} % of memory, ${road}, metrics ${metrics}${beside === null ? '' : `, beside: ${beside.name}`}`;

/** @returns the failed check, from 1, by which each was flagged; 99: none of the first twelve */
export async function liveHang(
  row: HangRow,
  offset = 2,
): Promise<{ readonly by: readonly number[]; readonly wrong: number }> {
  const fleet = fleetOf(row, offset);
  fleet.acts = false;
  for (let n = 0; n < 3; n++) await fleet.check();
  const hung = fleet.hosts.slice(0, row.hung);
  for (const host of hung) fleet.hang(host, row.hang, fleet.now + row.at * MINUTE + 1);
  const { beside } = row;
  // A fifth of the fleet, in the last subnet.
  const others = beside === null ? [] : fleet.hosts.slice(-Math.floor(row.hosts / 5));
  if (beside !== null) for (const host of others) fleet.cut(host, beside, fleet.now + 1);
  const by = new Map(hung.map((host) => [host, 99]));
  const wrong = new Set<LivedHost>();
  for (let n = 1; n <= 12; n++) {
    await fleet.check();
    for (const host of fleet.flagged) {
      if (!by.has(host)) wrong.add(host);
      else if (by.get(host) === 99) by.set(host, n);
    }
  }
  return { by: [...by.values()], wrong: wrong.size };
}

/** What the row shows that must not be; null: nothing. */
export function isWrongCut(row: Row, { rebooted, flagged }: Lived): string | null {
  if (rebooted > 0) return `REBOOTED ${rebooted}: ${titleOf(row)}`;
  return flagged > 0 && hasEvidenceAgainst(row) ? `flagged ${flagged}: ${titleOf(row)}` : null;
}

/** Of a hang: within four checks, within six where metrics are ten minutes late, and nothing else. */
export function isWrongHang(row: HangRow, { by, wrong }: Awaited<ReturnType<typeof liveHang>>): string | null {
  if (by.some((check) => check > (row.metrics === 'late' ? 6 : 4))) return `by ${by}: ${hangTitle(row)}`;
  return wrong > 0 && row.metrics !== 'missing' ? `flagged ${wrong} others: ${hangTitle(row)}` : null;
}
