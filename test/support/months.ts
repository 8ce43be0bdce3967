/**
 * Random months of random fleets. Time is skipped where nothing happens: from one trouble's end (every incident over, no
 * flag, no act open) to a quarter of an hour before the next; what is remembered is kept, and every check around a trouble
 * is made. So a fleet-week is a week of its clock with all its troubles, not 2,016 checks.
 */

import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateTagsCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  GetConsoleOutputCommand,
} from '@aws-sdk/client-ec2';
import { PublishCommand } from '@aws-sdk/client-sns';
import { isOpenAct } from '../../lambda/remedy/ladder.ts';
import { seeded } from '../../tools/random.ts';
import { CUTS } from './cuts.ts';
import { HANGS, LivedFleet, type LivedHost, MINUTE, type Road } from './lived-fleet.ts';

const DAY = 24 * 60 * MINUTE;
const HOUR = 60 * MINUTE;
export const WEEKS = 4;

interface Outage {
  readonly name: string;
  begin(fleet: LivedFleet): void;
  end(fleet: LivedFleet): void;
}

const failing = (name: string, command: Parameters<LivedFleet['sandbox']['aws']['fail']>[0]): Outage => ({
  name,
  begin: ({ sandbox }) => sandbox.aws.fail(command, 'ServiceUnavailable', Number.POSITIVE_INFINITY),
  end: ({ sandbox }) => sandbox.aws.fail(command, 'ServiceUnavailable', 0),
});

const metricsLate = (name: string, minutes: number): Outage => ({
  name,
  begin: ({ sandbox }) => {
    sandbox.metricsLateMinutes = minutes;
  },
  end: ({ sandbox }) => {
    sandbox.metricsLateMinutes = 0;
  },
});

const OUTAGES: readonly Outage[] = [
  metricsLate('metrics late', 12),
  metricsLate('metrics late', 25),
  metricsLate('metrics missing', 100_000),
  failing('metrics failing', GetMetricDataCommand),
  failing('EC2 failing', DescribeInstancesCommand),
  failing('status checks failing', DescribeInstanceStatusCommand),
  failing('consoles failing', GetConsoleOutputCommand),
  failing('tags failing', CreateTagsCommand),
  failing('mail failing', PublishCommand),
  {
    name: 'state lost',
    begin: ({ sandbox }) => sandbox.files.objects.clear(),
    end: () => {},
  },
  {
    name: 'S3 down',
    begin: ({ sandbox }) => sandbox.files.fail(new Error('S3 is down')),
    end: ({ sandbox }) => sandbox.files.mend(),
  },
  {
    name: 'record down',
    begin: ({ dynamoDb }) =>
      dynamoDb.fail(GetItemCommand, dynamoDb.error('InternalServerError', 'as ordered'), Number.POSITIVE_INFINITY),
    end: ({ dynamoDb }) => dynamoDb.fail(GetItemCommand, dynamoDb.error('InternalServerError', 'as ordered'), 0),
  },
];

interface Happening {
  readonly at: number;
  readonly what: string;
  readonly host?: LivedHost;
  run(): void;
}

export interface Month {
  readonly seed: number;
  readonly hosts: number;
  readonly checks: number;
  readonly reboots: number;
  readonly hangs: number;
  readonly cuts: number;
  readonly outages: number;
  /** Reboots of a hung host that a person had rebooted a minute or three before. */
  readonly booting: number;
  /** Of healthy hosts, at some time. */
  readonly wronglyFlagged: number;
  /** Broken promises, a sentence each. */
  readonly broken: readonly string[];
}

const shown = (at: number): string => new Date(at).toISOString().slice(5, 16);

/** One month of one fleet. */
export class MonthOf {
  readonly fleet: LivedFleet;
  readonly #random: () => number;
  readonly #road: Road;
  readonly #ahead: Happening[] = [];
  readonly #broken: string[] = [];
  /** Times in which AWS, S3 or mail was not as it should be. */
  readonly #outages: { readonly from: number; readonly to: number }[] = [];
  readonly #steady: { readonly host: LivedHost; readonly at: number }[] = [];
  readonly #resumed: number[] = [];
  readonly #wrong = new Set<string>();
  /** Hosts that were flagged or mailed, with when they last were. */
  readonly #known = new Map<string, number[]>();
  readonly #story: { readonly at: number; readonly text: string }[] = [];
  #busyUntil = 0;
  #mails = 0;
  #counts = { hangs: 0, cuts: 0, outages: 0, booting: 0 };

  constructor(private readonly seed: number) {
    this.#random = seeded(seed);
    const hosts = [1, 2, 3, 3, 5, 5, 8, 10, 12, 20, 40][this.#pick(11)] ?? 3;
    const road = (['ssh', 'ssm', 'auto', 'auto'] as const)[this.#pick(4)] ?? 'auto';
    this.#road = road;
    this.fleet = new LivedFleet({ hosts, road, perSubnet: 1 + this.#pick(Math.max(2, hosts)) });
    for (const host of this.fleet.hosts) {
      host.memory = 20 + this.#pick(60);
      host.cpu = 5 + this.#pick(90);
      host.usual = 10 ** (5 + 3 * this.#random());
    }
    this.fleet.sandbox.now = new Date(this.fleet.now + this.#pick(5) * MINUTE);
    this.fleet.beforeActing = () => this.#mend();
    this.fleet.rebooting = () => ({
      minutes: 1 + this.#random() * 3,
      helps: this.#random() > 0.25,
      effect: this.#random() > 0.1,
      answer: this.#random() > 0.15,
    });
  }

  #pick = (count: number): number => Math.floor(this.#random() * count);
  #minutes = (least: number, most: number): number => (least + this.#random() * (most - least)) * MINUTE;
  #host = (): LivedHost => this.fleet.hosts[this.#pick(this.fleet.hosts.length)] as LivedHost;
  #plan(at: number, what: string, run: () => void, host?: LivedHost): void {
    this.#ahead.push({ at, what, run, ...(host !== undefined && { host }) });
    this.#ahead.sort((a, b) => a.at - b.at);
  }
  #until(to: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, to);
  }

  async live(weeks = WEEKS): Promise<Month> {
    const { fleet } = this;
    const begin = fleet.now;
    const end = begin + weeks * 7 * DAY;
    for (let at = begin + HOUR; at < end; at += DAY * (0.5 + 3.5 * this.#random())) {
      const together = this.#random() < 0.5 ? 1 : 2 + this.#pick(2);
      for (let n = 0; n < together; n++) this.#happen(at + (n === 0 ? 0 : this.#minutes(-10, 45)));
    }
    let calm = 0;
    while (fleet.now < end) {
      const next = this.#ahead[0]?.at ?? end;
      if (calm > 3 && next - fleet.now > HOUR && (calm > 60 || (await this.#isCalm()))) {
        fleet.sandbox.now = new Date(next - 20 * MINUTE);
        calm = 0;
      }
      await this.#check();
      calm = fleet.now < this.#busyUntil ? 0 : calm + 1;
    }
    this.#judgeReboots();
    const counts = { ...this.#counts, checks: fleet.checks, reboots: fleet.reboots.length };
    return {
      seed: this.seed,
      hosts: fleet.hosts.length,
      ...counts,
      wronglyFlagged: this.#wrong.size,
      broken: this.#broken,
    };
  }

  async #isCalm(): Promise<boolean> {
    const { fleet } = this;
    const isOver = [...fleet.sandbox.state.instances.values()].every(
      ({ incident, flag }) => incident === null && flag === null,
    );
    return isOver && !(await fleet.record()).acts.some(isOpenAct);
  }

  #happen(at: number): void {
    const share = this.#random();
    if (share < 0.4) this.#hang(at);
    else if (share < 0.7) this.#cut(at);
    else if (share < 0.9) this.#outage(at);
    else {
      const host = this.#host();
      this.#plan(at, 'a person reboots', () => this.fleet.boot(host, 1 + this.#random() * 3), host);
    }
  }

  #hang(at: number): void {
    const host = this.#host();
    const hang = HANGS[this.#pick(HANGS.length)] ?? HANGS[0];
    const isLeak = this.#random() < 0.4;
    const from = at + (isLeak ? 40 * MINUTE : 0);
    if (isLeak) {
      const usual = host.memory;
      this.#plan(
        at,
        'leaks',
        () => {
          host.memory = (now) => Math.max(0.5, 20 - (20 * (now - at)) / (45 * MINUTE));
          this.#until(from + MINUTE);
        },
        host,
      );
      this.#plan(
        from + 90 * MINUTE,
        'no longer leaks',
        () => {
          host.memory = usual;
        },
        host,
      );
    }
    this.#counts.hangs += 1;
    this.#plan(
      from,
      'hangs',
      () => {
        if (this.fleet.truth(host) === 'hung') return;
        // Busy hosts hang more busily, or by the disk.
        this.fleet.hang(host, hang);
        this.#steady.push({ host, at: this.fleet.now });
        const person = from + this.#minutes(70, 200);
        this.#until(person);
        this.#plan(
          person,
          'a person reboots',
          () => {
            if (this.fleet.truth(host) === 'hung') this.fleet.boot(host);
          },
          host,
        );
      },
      host,
    );
  }

  #cut(at: number): void {
    const { hosts } = this.fleet;
    // Busy ones have their rows in the table of cuts; a wedged one differs from a hung one in its metrics alone.
    const known = CUTS.filter(({ name }) => !/busy$|wedged$/.test(name));
    const cut = known[this.#pick(known.length)] as (typeof CUTS)[number];
    const scopes = cut.scopes ?? (['one', 'subnet', 'all'] as const);
    const scope = scopes[this.#pick(scopes.length)] ?? 'one';
    const first = this.#host();
    const subnetOf = ({ id }: LivedHost) => this.fleet.sandbox.aws.instances.get(id)?.subnet;
    const lost =
      scope === 'one' ? [first] : scope === 'all' ? hosts : hosts.filter((host) => subnetOf(host) === subnetOf(first));
    const stagger = this.#random() < 0.5 ? 0 : this.#minutes(5, 60);
    const to = at + this.#minutes(15, 150);
    this.#counts.cuts += 1;
    for (const [n, host] of lost.entries()) {
      const from = at + (n / lost.length) * stagger;
      this.#plan(
        from,
        `cut: ${cut.name}`,
        () => {
          this.fleet.cut(host, cut, from, to);
          if (this.#random() < 0.5) this.fleet.noise(host);
          this.#until(to);
        },
        host,
      );
    }
  }

  #outage(at: number): void {
    const outage = OUTAGES[this.#pick(OUTAGES.length)] as Outage;
    const to = at + this.#minutes(5, 120);
    this.#counts.outages += 1;
    this.#outages.push({ from: at, to });
    this.#plan(at, outage.name, () => {
      outage.begin(this.fleet);
      this.#until(to);
    });
    this.#plan(to, `${outage.name}: over`, () => outage.end(this.fleet));
  }

  async #check(): Promise<void> {
    const { fleet } = this;
    const { sandbox } = fleet;
    const at = fleet.now + 5 * MINUTE;
    while ((this.#ahead[0]?.at ?? Number.POSITIVE_INFINITY) <= at) {
      const happening = this.#ahead.shift() as Happening;
      const now = sandbox.now;
      // It happens when it does, not when the next check comes.
      sandbox.now = new Date(Math.max(now.getTime(), happening.at));
      happening.run();
      this.#note(`${happening.what} ${happening.host?.id.slice(-3) ?? ''}`);
      sandbox.now = now;
    }
    const before = fleet.reboots.length;
    // A check that can't be made is for the alarms.
    await fleet.check().catch(() => undefined);
    for (const { host, was } of fleet.reboots.slice(before)) this.#note(`REBOOT ${host.id.slice(-3)} was ${was}`);
    // A person looks at what has stopped crawlwatch, in the end.
    if (this.#random() < 1 / 40) await this.#resume();
    this.#judge();
  }

  #note(text: string): void {
    this.#story.push({ at: this.fleet.now, text });
  }

  /** A person was quicker: the host is up again at the moment in which it would be rebooted. */
  #mend(): void {
    const host = this.fleet.hosts.find((one) => this.fleet.isFlagged(one) && this.fleet.truth(one) === 'hung');
    if (host === undefined || this.#random() > 0.1) return;
    for (const hang of host.hangs) hang.to = Math.min(hang.to, this.fleet.now);
    host.boots.push({ at: this.fleet.now - 2 * MINUTE, up: this.fleet.now });
    this.#note(`a person was quicker ${host.id.slice(-3)}`);
  }

  async #resume(): Promise<void> {
    const done = await this.fleet.ask({ action: 'resume', requester: 'eve' }).catch(() => null);
    if (done?.done === true) this.#resumed.push(this.fleet.now);
  }

  #fail(at: number, text: string): void {
    const around = this.#story
      .filter((line) => Math.abs(line.at - at) < 4 * HOUR)
      .map((line) => `\n  ${shown(line.at)} ${line.text}`);
    this.#broken.push(
      `seed ${this.seed}, ${this.fleet.hosts.length} hosts, ${this.#road}: ${shown(at)} ${text}${around.join('')}`,
    );
  }

  #judge(): void {
    const { fleet } = this;
    const { published } = fleet.sandbox.aws.topic;
    const news = published
      .slice(this.#mails)
      .map(({ body }) => body)
      .join('\n');
    this.#mails = published.length;
    const flagged = new Set(fleet.flagged);
    for (const host of fleet.hosts) {
      if (!flagged.has(host) && !news.includes(host.id)) continue;
      this.#known.set(host.id, [...(this.#known.get(host.id) ?? []), fleet.now]);
      if (flagged.has(host) && !host.hangs.some(({ to }) => to > fleet.now - 2 * HOUR))
        this.#wrong.add(host.id + host.cuts.length);
    }
    for (const [n, { host, at }] of [...this.#steady.entries()].reverse()) {
      if (fleet.now - at < HOUR) continue;
      this.#steady.splice(n, 1);
      if (this.#isSteady(host, at) && !(this.#known.get(host.id) ?? []).some((known) => known >= at)) {
        this.#fail(at, `an hour of a steady hang of ${host.id} was neither flagged nor mailed`);
      }
    }
  }

  /** It hung for the whole hour, and nothing hid it. */
  #isSteady(host: LivedHost, at: number): boolean {
    const isHung = host.hangs.some(({ from, to }) => from <= at && to >= at + HOUR);
    const overlaps = ({ from, to }: { from: number; to: number }) => from < at + HOUR && to > at - HOUR;
    const wasBooted = host.boots.some((boot) => boot.up > at - HOUR && boot.at < at + HOUR);
    return isHung && !wasBooted && !host.cuts.some(overlaps) && !this.#outages.some(overlaps);
  }

  #judgeReboots(): void {
    const { reboots } = this.fleet;
    let [inVain, last] = [0, 0];
    for (const [n, { host, at, was }] of reboots.entries()) {
      const isQuarantined = host.cuts.some(
        ({ what, from, to }) => what.name.startsWith('quarantine') && at >= from && at < to,
      );
      const what = host.id;
      if (was === 'booting') this.#counts.booting += 1;
      else if (was !== 'hung' || isQuarantined)
        this.#fail(at, `${what} was rebooted, and was ${isQuarantined ? 'quarantined' : was}`);
      const before = reboots.slice(0, n);
      const within = (minutes: number) => before.filter((one) => at - one.at < minutes * MINUTE);
      const own = (minutes: number) => within(minutes).filter((one) => one.host === host).length;
      if (within(15).length > 0) this.#fail(at, `${what}: under 15 minutes after another reboot`);
      if (own(60) >= 1 || own(24 * 60) >= 3) this.#fail(at, `${what}: over its budget`);
      if (this.#resumed.some((resumed) => resumed > last && resumed <= at)) inVain = 0;
      if (inVain >= 2) this.#fail(at, `${what}: after ${inVain} reboots in vain in a row`);
      const next = reboots[n + 1]?.at ?? Number.POSITIVE_INFINITY;
      const isVain = host.hangs.some((one) => one.from <= at && one.to > Math.min(next, at + 16 * MINUTE));
      inVain = isVain ? inVain + 1 : 0;
      last = at;
    }
  }
}
