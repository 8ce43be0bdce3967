/** docs/reference/tags.md, from the tags' names. */
import { OWN_TAG_KEYS, TAG } from '../../../lambda/model/index.ts';
import { markdownTable } from '../readme-tables.ts';
import { code, page } from './text.ts';

/** What each is for, and an example of its value; none where the meaning has it. */
const TAG_SAYS: Readonly<Record<keyof typeof TAG, readonly [meaning: string, value: string]>> = {
  worker: [
    'The systemd unit of the worker: it is expected to run here. With an empty value a worker is expected too, and judged by used memory.',
    'sidekiq.service',
  ],
  ssh: [
    'Another login user or port than in the settings, either or both. SSH is then expected here.',
    'user=ec2-user;port=2222',
  ],
  limits: [
    'Thresholds of this instance, in percent available (`memory`, `disk`) or free (`inodes`), and mounts to leave out. What it does not name is as in the settings.',
    'memory.warning=8;disk.critical=2;ignore=/scratch;ignore=/mnt/*',
  ],
  auto: [
    'What crawlwatch may do here without a person: `restart`, `reboot` or `restart+reboot`, as far as the stack has it on. `never` also refuses people.',
    'restart',
  ],
  mute: [
    'Until when, or in which windows, the instance is checked and measured but neither mailed, flagged nor acted on: see below.',
    'until=2026-11-23T06:00:00Z',
  ],
  hostKey: [
    'The SSH host key to expect, or `renew` to accept the next one seen. Without this tag the first one seen is expected from then on.',
    'SHA256:...',
  ],
  stack: [
    'The stack that watches this instance: the first to see it. Another stack reports it as skipped, and never acts.',
    'CrawlwatchStack',
  ],
  status: [
    'Status and reasons. Written when they change, and never for an instance that was and is OK.',
    'CRITICAL:BannerTimeout',
  ],
  flag: [
    'It no longer answers and should be rebooted: reason and time. crawlwatch can reboot only what carries this tag. A flag older than the last launch is dropped.',
    'BannerTimeout@2026-11-22T08:05:00Z',
  ],
  acted: ['The last restart or reboot, and its time.', 'reboot@2026-11-22T08:15:00Z'],
};

const isOwn = (key: string): boolean => (OWN_TAG_KEYS as readonly string[]).includes(key);

const tagTable = (own: boolean): string =>
  markdownTable(
    ['tag', 'example', 'meaning'],
    [
      ...(own
        ? []
        : [
            [
              '`crawlwatch`',
              '`true`',
              'Watch this instance. Key and value are the settings `tag.key` and `tag.value`.',
            ],
          ]),
      ...(Object.entries(TAG) as [keyof typeof TAG, string][])
        .filter(([, key]) => isOwn(key) === own)
        .map(([name, key]) => [code(key), code(TAG_SAYS[name][1]), TAG_SAYS[name][0]]),
    ],
  );

const MUTE = markdownTable(
  ['value of `crawlwatch:mute`', 'muted'],
  [
    ['`until=2026-11-23T06:00:00Z`', 'until then, in UTC'],
    ['`window=Sat 02:00-06:00 Europe/Berlin`', 'every Saturday, by the clock of that time zone'],
    ['`window=Mon-Fri 22:00-04:00 UTC`', 'on these days, each time over midnight'],
    ['`window=02:00-06:00 UTC`', 'every day'],
    ['`window=Sat 02:00-06:00 Europe/Berlin,Sun 12:00-12:30 UTC`', 'in each of these windows'],
    ['one of these with `;why=...` after it', 'the same; the reason is shown'],
    [
      'anything else',
      'no: trouble is mailed as usual, and nothing acts on the instance. Notes and log say what is allowed',
    ],
  ],
);

export const tagsPage = (): string =>
  page(
    'Tags',
    'For the person who tags instances: which tags you set, which ones crawlwatch writes, and what their values mean.',
    'What crawlwatch remembers is in the bucket of its stack, not in tags. How to keep its tags and those of Terraform, CloudFormation or Pulumi apart: [Tags beside other tools](../tags.md).',
    `## Tags that you set\n\n${tagTable(false)}`,
    'A value that cannot be read is never ignored. Where it is `crawlwatch:ssh`, `crawlwatch:limits`, `crawlwatch:worker` or `crawlwatch:host-key`, the host gets the reason [`BadOverride`](../runbook.md#badoverride), which names the tag and what is allowed. Where it is `crawlwatch:auto` or `crawlwatch:mute`, nothing acts on the host.',
    `## Values of crawlwatch:mute\n\n[\`crawlwatch mute\`](commands.md#mute) writes this tag for you.\n\n${MUTE}`,
    `## Tags that crawlwatch writes\n\nDo not set these by hand. \`crawlwatch forget\` removes them from every instance.\n\n${tagTable(true)}`,
  );
