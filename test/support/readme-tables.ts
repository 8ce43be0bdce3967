/** The README's tables, made from the code they tell of. */
import { billRows, monthlyBill } from '../../lambda/cost/cost.ts';
import { REASON_WORDS } from '../../lambda/judge/words.ts';
import {
  FLEET_METRIC,
  INSTANCE_METRIC,
  OWN_TAG_KEYS,
  REASON_CLASS,
  type ReasonClass,
  type ReasonCode,
  TAG,
} from '../../lambda/model/index.ts';
import { parseSettings, settingRows } from '../../lambda/settings/settings.ts';

/** A table in Markdown; pipes in cells are escaped. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

const settings = (): string =>
  markdownTable(
    ['setting', 'default', 'allowed', 'what it does'],
    settingRows().map((row) => [
      `\`${row.key}\``,
      row.default === null ? 'none' : `\`${String(row.default)}\``,
      row.allowed,
      row.description,
    ]),
  );

const TAG_SAYS: Readonly<Record<keyof typeof TAG, string>> = {
  worker:
    'systemd unit of the crawler, e.g. `sidekiq.service`: a worker is expected here. Empty: expected, judged by used memory',
  ssh: 'overrides of the login, `user=ec2-user;port=2222`, either or both; SSH is expected here',
  limits:
    'thresholds of this instance and mounts to leave out, `memory.warning=8;memory.critical=2;disk.critical=2;ignore=/scratch;ignore=/mnt/*`: percents available or free of `memory`, `disk` and `inodes`, the rest as in the settings',
  auto: 'what crawlwatch may do by itself here: `restart`, `reboot` or `restart+reboot`, where the stack has it on; `never` also refuses people',
  mute: '`until=2026-11-23T06:00:00Z`, or `window=Sat 02:00-06:00 Europe/Berlin` for one that recurs (several with commas between), each with `;why=...` after it if you like: checked and measured, but neither mailed, flagged nor acted on. One that cannot be read silences nothing, and keeps everything from acting',
  hostKey:
    '`SHA256:...` to pin the SSH host key by hand, `renew` to take the next one seen; without it the first one seen is pinned',
  stack: 'the stack that watches it: the first to see it; another stack reports it as skipped, and never acts',
  status: 'the status and its reasons, `CRITICAL:BannerTimeout`, written on change only, and never for OK that was OK',
  flag: 'it no longer answers over SSH (over SSM, where that is how it is asked), reboot me: `BannerTimeout@2026-11-22T08:05:00Z`. Only what carries it can be rebooted. One older than the launch is dropped',
  acted: 'the last remedy and its time, `reboot@2026-11-22T08:15:00Z`',
};

const tags = (): string =>
  markdownTable(
    ['tag', 'who writes it', 'meaning'],
    [
      ['`crawlwatch`', 'you', '`true`: watch this instance (key and value are settings)'],
      ...(Object.entries(TAG) as [keyof typeof TAG, string][]).map(([name, key]) => [
        `\`${key}\``,
        (OWN_TAG_KEYS as readonly string[]).includes(key) ? 'crawlwatch' : 'you',
        TAG_SAYS[name],
      ]),
    ],
  );

const INSTANCE_SAYS: Readonly<Record<keyof typeof INSTANCE_METRIC, string>> = {
  memory: 'percent: total less available, of total',
  disk: 'percent: the fullest mount that can be written',
  success: '0 or 1, for every expected instance in every check',
  oomKills: 'kills since the last check, only when there were any',
};
const FLEET_SAYS: Readonly<Record<keyof typeof FLEET_METRIC, string>> = {
  checked: 'instances that were probed',
  critical: 'instances that are CRITICAL',
  unreachable: 'instances that hang',
  flagged: 'instances that carry the reboot flag',
  memoryLow: 'instances with `MemoryLow` or `MemoryExhaustedResponsive`',
  diskLow: 'instances with `DiskLow`',
  suppressed: '1 while so many fail at once that nothing is flagged',
  duration: 'milliseconds; published last, as the heartbeat',
  reboots: 'reboots that crawlwatch made',
  workerRestarts: 'worker restarts that crawlwatch made',
  rebootsAvoided: 'restarts in the window that were seen to help: each would have been a hang',
  recoveryMinutes: 'minutes from the first failure to the first answer, when a hang ends',
};

const metrics = (): string =>
  markdownTable(
    ['metric', 'dimensions', 'meaning'],
    [
      ...(Object.entries(INSTANCE_METRIC) as [keyof typeof INSTANCE_METRIC, string][]).map(([name, metric]) => [
        `\`${metric}\``,
        '`InstanceId`, `Name`',
        INSTANCE_SAYS[name],
      ]),
      ...(Object.entries(FLEET_METRIC) as [keyof typeof FLEET_METRIC, string][]).map(([name, metric]) => [
        `\`${metric}\``,
        '`Stack`',
        FLEET_SAYS[name],
      ]),
    ],
  );

const FLEETS = [10, 100, 1_000, 10_000];
const cost = (): string =>
  markdownTable(
    ['USD a month', ...FLEETS.map((instances) => `${instances.toLocaleString('en')} instances`)],
    billRows(FLEETS.map((instances) => monthlyBill(instances, parseSettings()))),
  );

const CLASS_SAYS: Readonly<Record<ReasonClass, string>> = {
  measured: 'the host answered: WARNING or CRITICAL',
  event: 'it happened: WARNING for that check',
  hung: 'hung: CRITICAL, counts towards the flag',
  ambiguous: 'hung: CRITICAL, flags only with other evidence',
  inconclusive: 'the check could not be made: UNKNOWN, never flags',
};

const reasons = (): string =>
  markdownTable(
    ['reason', 'in words', 'kind'],
    (Object.entries(REASON_CLASS) as [ReasonCode, ReasonClass][]).map(([code, kind]) => [
      `[\`${code}\`](docs/runbook.md#${code.toLowerCase()})`,
      REASON_WORDS[code],
      CLASS_SAYS[kind],
    ]),
  );

export const README_TABLES = {
  settings: settings(),
  tags: tags(),
  metrics: metrics(),
  reasons: reasons(),
  cost: cost(),
} as const;

/** The README with its tables as the code has them. */
export function withTables(readme: string, tables: Readonly<Record<string, string>> = README_TABLES): string {
  return Object.entries(tables).reduce(
    (text, [name, made]) =>
      text.replace(
        new RegExp(`<!-- ${name}:begin -->[\\s\\S]*?<!-- ${name}:end -->`),
        () => `<!-- ${name}:begin -->\n${made}\n<!-- ${name}:end -->`,
      ),
    readme,
  );
}
