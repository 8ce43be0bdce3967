/**
 * A random day of a small fleet through the real check: hosts that change their trouble, a clock that is set back, checks
 * that come twice or overlap, tags that are stripped or forged, a state that is lost, old or damaged, and hours without
 * mail or S3. What it shows is listed as sentences, one for each promise that was broken.
 */
import { checkFleet } from '../../lambda/check/pipeline.ts';
import { type Alert, type Incident, type Letter, STATE_KEY, TAG } from '../../lambda/model/index.ts';
import { seeded } from '../../tools/random.ts';
import { HOST_KEY } from './fleet.ts';
import { headsIn } from './mail-heads.ts';
import { type Behaviour, idOf, SandboxFleet } from './sandbox-fleet.ts';
import { UnsureRemedy } from './unsure-remedy.ts';

const CHECKS = 288;
const HOUR = 12;
const MINUTE = 60_000;
const MAILS_A_DAY = 12;
/** After so many good checks in a row trouble is new; unless the day has more mails than that already. */
const CALM = 20;
const BUSY_DAY = 8;

export const BEHAVIOURS: Readonly<Record<Letter, Behaviour>> = {
  '.': {},
  w: { availableKb: 1_500_000 },
  c: { diskUsedPercent: 97 },
  h: 'BannerTimeout',
  k: 'ConnectionRefused',
  u: 'AuthenticationFailed',
  '-': 'NotChecked',
};
const PATTERNS = [
  '.',
  '.',
  '.',
  'h',
  'h',
  'c',
  'w',
  'k',
  'u',
  'hc',
  'h.',
  'hhh.',
  'hh..',
  'h..',
  'u.',
  'wc',
  'hu',
  'h-',
  'wchku.-',
];

export interface Mailed {
  readonly check: number;
  readonly at: Date;
  readonly epoch: number;
  readonly host: string;
  readonly kind: string;
  /** Says that it may be the second of its kind, or that nothing can be remembered. */
  readonly isExcused: boolean;
  readonly key: string;
}

type Outage = 'refused' | 'lost' | 'answer lost';

export interface DayOptions {
  readonly seed: number;
  /** Rows of letters, repeated over the day, one a host; random ones where there are none. */
  readonly rows?: readonly string[];
  /** Nothing happens but what the hosts do. */
  readonly isCalm?: boolean;
  /** Called before each check. */
  readonly before?: (fleet: SandboxFleet, check: number) => void;
  readonly settings?: object;
}

export class Day {
  readonly fleet: SandboxFleet;
  readonly mails: Mailed[] = [];
  readonly broken: string[] = [];
  /** By host, a letter a scheduled check; a space where it was stopped. */
  readonly letters: string[];
  /** How often what was remembered went back to something else. */
  epoch = 0;
  check = 0;
  mailOutage: Outage | null = null;
  filesAreDown = false;
  readonly #random: () => number;
  readonly #options: DayOptions;
  /** Scheduled checks in which mail, S3 or the state was not as it should be. */
  readonly #disturbed = new Set<number>();
  readonly #clockSet = new Set<number>();
  readonly #snapshots: (Uint8Array | null)[] = [];
  readonly #launched = new Map<number, number>();
  /** Of days in which anything may happen. */
  readonly #remedy: UnsureRemedy | null;
  readonly #bodies: string[] = [];
  #wasReported = false;

  constructor(options: DayOptions) {
    this.#options = options;
    this.#random = seeded(options.seed);
    const hosts = options.rows?.length ?? 3 + this.#pick(3);
    this.fleet = new SandboxFleet(hosts, options.settings);
    this.letters = Array.from({ length: hosts }, () => '');
    const isMailed = (name: string) => this.#bodies.some((body) => body.includes(name));
    const isAnything = options.rows === undefined && options.isCalm !== true;
    this.#remedy = isAnything ? new UnsureRemedy(seeded(options.seed + 0.5), isMailed) : null;
  }

  #pick = (count: number): number => Math.floor(this.#random() * count);
  #happens = (share: number): boolean => this.#options.isCalm !== true && this.#random() < share;

  async run(checks = CHECKS): Promise<this> {
    const { fleet } = this;
    const rows = this.#options.rows ?? this.letters.map(() => this.#story());
    const stopped = new Map<number, number>();
    for (this.check = 0; this.check < checks; this.check++) {
      fleet.now = new Date(fleet.now.getTime() + 5 * MINUTE);
      if (this.#happens(0.004)) {
        fleet.now = new Date(fleet.now.getTime() - 30 * MINUTE);
        this.#clockSet.add(this.check);
      }
      for (const [n, row] of rows.entries()) this.#behave(n, row[this.check % row.length] as Letter, stopped);
      this.#tamper();
      this.#disturb();
      this.#options.before?.(fleet, this.check);
      await this.#checks();
      this.#snapshots.push(fleet.files.objects.get(STATE_KEY)?.bytes ?? null);
      this.#judge();
    }
    this.#judgeActs();
    return this;
  }

  #story(): string {
    let row = '.';
    while (row.length < CHECKS) {
      const pattern = PATTERNS[this.#pick(PATTERNS.length)] ?? '.';
      row += pattern.repeat(Math.ceil((1 + this.#pick(40)) / pattern.length));
    }
    return row;
  }

  #behave(n: number, letter: Letter, stopped: Map<number, number>): void {
    const { fleet } = this;
    const host = fleet.aws.instances.get(idOf(n + 1));
    if (host === undefined) return;
    const until = stopped.get(n);
    if (until === this.check) {
      host.state = 'running';
      host.launchedAt = new Date(fleet.now.getTime() - MINUTE);
      this.#launched.set(n, this.check);
    } else if (host.state === 'running' && this.#happens(0.004)) {
      host.state = 'stopped';
      stopped.set(n, this.check + 1 + this.#pick(3));
    }
    fleet.host(n + 1, BEHAVIOURS[letter]);
    this.letters[n] += host.state === 'running' ? letter : ' ';
  }

  /** Tags as other tools and people leave them. */
  #tamper(): void {
    for (const [n] of this.letters.entries()) {
      const tags = this.fleet.aws.instances.get(idOf(n + 1))?.tags;
      if (tags === undefined) continue;
      if (this.#happens(0.02)) for (const key of [...tags.keys()]) if (key.startsWith('crawlwatch:')) tags.delete(key);
      if (!this.#happens(0.03)) continue;
      const stamp = new Date(this.fleet.now.getTime() - this.#pick(90) * MINUTE).toISOString().replace('.000Z', 'Z');
      const forged = [
        [TAG.status, 'OK'],
        [TAG.status, 'CRITICAL:BannerTimeout'],
        [TAG.status, '<script>'],
        [TAG.flag, `BannerTimeout@${stamp}`],
        [TAG.acted, `reboot@${stamp}`],
        [TAG.acted, `booted@${stamp}`],
        [TAG.stack, 'Ghost'],
        [TAG.hostKey, HOST_KEY],
        [TAG.hostKey, 'renew'],
      ] as const;
      const [key, value] = forged[this.#pick(forged.length)] ?? forged[0];
      tags.set(key, value);
    }
  }

  #disturb(): void {
    const { files } = this.fleet;
    if (this.mailOutage === null ? this.#happens(0.004) : this.#happens(1 / 20)) {
      this.mailOutage =
        this.mailOutage === null ? ((['refused', 'lost', 'answer lost'] as const)[this.#pick(3)] ?? null) : null;
    }
    if (this.filesAreDown ? this.#happens(1 / 20) : this.#happens(0.004)) {
      this.filesAreDown = !this.filesAreDown;
      if (this.filesAreDown)
        files.fail(
          new Error('S3 is down'),
          Number.POSITIVE_INFINITY,
          ([undefined, 'get', 'put'] as const)[this.#pick(3)],
        );
      else files.mend();
    }
    if (this.mailOutage !== null || this.filesAreDown) this.#disturbed.add(this.check);
    if (!this.#happens(0.004)) return;
    this.epoch += 1;
    this.#disturbed.add(this.check);
    const older = this.#snapshots[this.#snapshots.length - 1 - this.#pick(30)];
    switch (this.#pick(3)) {
      case 0:
        files.objects.clear();
        break;
      case 1:
        files.replace(STATE_KEY, '{"format":"crawlwatch state","version":1');
        break;
      default:
        if (older != null) files.replace(STATE_KEY, older);
    }
  }

  async #checks(): Promise<void> {
    const { fleet } = this;
    const overlaps = this.#happens(0.03);
    const results = await Promise.all([this.#one(), ...(overlaps ? [this.#one()] : [])]);
    this.#wasReported = results.some(
      ({ errors, report }) => errors.length === 0 && !report.problems.some((text) => text.startsWith('another check')),
    );
    if (!this.#happens(0.03)) return;
    fleet.now = new Date(fleet.now.getTime() + this.#pick(100) * 1000);
    const { errors } = await this.#one();
    this.#wasReported ||= errors.length === 0;
  }

  async #one() {
    const { fleet } = this;
    const ports = fleet.ports();
    const outlets = {
      ...ports.outlets,
      ...(this.#remedy !== null && { remedy: this.#remedy }),
      publish: async () => {},
      notify: async (alert: Alert) => {
        if (this.mailOutage === null || this.mailOutage === 'answer lost') this.#receive(alert);
        if (this.mailOutage === null) return [];
        if (this.mailOutage === 'refused') throw fleet.aws.sns.error('AuthorizationError', 'no');
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      },
    };
    return checkFleet(fleet.settings, { ...ports, history: async () => new Map(), outlets }, { deadlineMs: 60_000 });
  }

  /** What an act came to is mailed before it is on record, and in the end. */
  #judgeActs(): void {
    const { broken, made, isMailed } = this.#remedy ?? {
      broken: [],
      made: [] as UnsureRemedy['made'],
      isMailed: () => true,
    };
    this.broken.push(...broken);
    const old = made.slice(0, made.length / 2);
    for (const { name, at } of old)
      if (!isMailed(name)) this.broken.push(`${name} of ${at.toISOString()} is in no mail`);
  }

  #receive({ body }: Alert): void {
    this.#bodies.push(body);
    const { state, now } = this.fleet;
    const isExcused = /may have said this already|Nothing can be remembered/.test(body);
    for (const { host, kind } of entriesIn(body)) {
      const one = state.instances.get(host);
      const incident = one?.incident ?? null;
      const opened = incident?.openedAt.toISOString() ?? 'none';
      // After an end, or where a flag was removed, it may be the same again.
      const isRound = (mail: Mailed) => mail.host === host && ['recovered', 'departed'].includes(mail.kind);
      const rounds = this.mails.filter(isRound).length;
      const about = kind === 'flagged' ? one?.flag?.at.toISOString() : said(incident);
      const key = [this.epoch, host, opened, rounds, kind, about].join(' ');
      this.mails.push({ check: this.check, at: now, epoch: this.epoch, host, kind, isExcused, key });
    }
  }

  #judge(): void {
    const { fleet, check } = this;
    for (const [n, letters] of this.letters.entries()) {
      const host = idOf(n + 1);
      const one = fleet.remembered(n + 1);
      const fail = (text: string) => this.broken.push(`check ${check}, ${host}: ${text}; ${letters.slice(-30)}`);
      const mails = this.mails.filter((mail) => mail.host === host);

      const hour = letters.slice(-HOUR);
      const isQuiet = !this.#wasDisturbed(HOUR) && !hour.includes(' ');
      const bad = [...hour].filter((letter) => 'wchk'.includes(letter)).length;
      if (isQuiet && hour.length === HOUR && bad >= HOUR / 2) {
        const isOpen = one.incident !== null && one.incident.mailed !== null;
        // What was mailed before a calm stretch was about other trouble, where the check could remember the stretch.
        const calmFrom = letters.slice(0, -HOUR).lastIndexOf('.'.repeat(CALM));
        const isCalmKnown = calmFrom > 0 && !this.#wasDisturbed(check - calmFrom + 1);
        const isSaid = !isCalmKnown || mails.some((mail) => mail.check >= calmFrom + CALM);
        const isBusy = one.mails.length > BUSY_DAY;
        if (!(isOpen && (isSaid || isBusy)) && !mails.some((mail) => mail.check > check - HOUR)) {
          fail('an hour of trouble was not mailed');
        }
      }

      const day = mails.filter(
        (mail) =>
          !mail.isExcused &&
          mail.epoch === this.epoch &&
          Math.abs(fleet.now.getTime() - mail.at.getTime()) < 24 * 60 * MINUTE,
      );
      if (day.length > MAILS_A_DAY) fail(`${day.length} mails in a day`);

      const isTagged = fleet.tags(n + 1)[TAG.flag] !== undefined;
      if (this.#wasReported && !letters.endsWith(' ') && isTagged !== (one.flag !== null))
        fail('the tag of the flag is not what is remembered');
      if (this.#wasReported && one.flag !== null && !this.#wasDisturbed(40) && !letters.endsWith(' ')) {
        const begun = [...letters].filter((letter) => !'u-'.includes(letter)).slice(-1);
        if (!begun.every((letter) => 'hk'.includes(letter))) fail('it is flagged and answered');
      }
      if (this.#isSteadyHang(n) && one.flag === null) fail('a steady hang is not flagged');
    }
    const fresh = this.mails.filter(
      (mail) => mail.check === check && !mail.isExcused && !['reminder', 'suppressed'].includes(mail.kind),
    );
    for (const mail of fresh) {
      const same = this.mails.filter(({ key, isExcused }) => key === mail.key && !isExcused);
      if (same.length > 1) this.broken.push(`mailed twice: ${mail.key}, in checks ${same.map((one) => one.check)}`);
    }
  }

  #wasDisturbed(checks: number): boolean {
    return [...this.#disturbed].some((at) => at > this.check - checks);
  }

  /** Four checks hung, and nothing that forbids a flag: it was reached before, and the others are well. */
  #isSteadyHang(n: number): boolean {
    const last = (row: string, checks: number) => row.slice(-checks);
    const row = this.letters[n] ?? '';
    const others = this.letters.filter((_, other) => other !== n);
    const isCalm = ![...this.#clockSet].some((at) => at > this.check - 14) && !this.#wasDisturbed(14);
    const isReached = /[.wc]/.test(last(row, 14).slice(0, -4));
    const isLaunched = (this.#launched.get(n) ?? -99) > this.check - 14;
    return (
      /hhhh$/.test(row) &&
      isCalm &&
      isReached &&
      !isLaunched &&
      others.every((other) => !/[hku -]/.test(last(other, 14)))
    );
  }
}

const TITLES: readonly (readonly [RegExp, string])[] = [
  [/^NOT FLAGGED/, 'suppressed'],
  [/^REBOOTED IN VAIN/, 'escalated'],
  [/^FLAGGED FOR REBOOT/, 'flagged'],
  [/^STILL FLAGGED/, 'reminder'],
  [/^(UNSTABLE, )?(NOT ANSWERING|CANNOT BE REACHED)/, 'held'],
  [/^(UNSTABLE, )?(CRITICAL|WARNING)/, 'measured'],
  [/^(UNSTABLE, )?COULD NOT BE CHECKED/, 'inconclusive'],
  [/^(RECOVERED|ANSWERS AGAIN|BETTER)/, 'recovered'],
  [/^NO LONGER CHECKED/, 'departed'],
];

/** Each host that a mail is about, once, and under which title. */
function entriesIn(body: string): { readonly kind: string; readonly host: string }[] {
  const kinds = new Map<string, string>();
  for (const { hosts, title } of headsIn(body)) {
    const kind = TITLES.find(([one]) => one.test(title))?.[1];
    if (kind === undefined) continue;
    for (const host of hosts) if (!kinds.has(host)) kinds.set(host, kind);
  }
  return [...kinds].map(([host, of]) => ({ host, kind: of }));
}

const said = (incident: Incident | null): string =>
  incident === null
    ? ''
    : `${incident.due} after ${incident.mailed} ${incident.heldMailed} ${incident.flagMailed} ${incident.vainMailed}`;
