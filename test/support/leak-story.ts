/** The real check of one real host that leaks, every five minutes of a clock that is set rather than waited for. */
import { checkFleet } from '../../lambda/check/pipeline.ts';
import { packedFiles } from '../../lambda/kit/index.ts';
import { fleetSamples } from '../../lambda/memory/samples/figures.ts';
import type { InstanceReport, ReasonCode } from '../../lambda/model/index.ts';
import { TAG } from '../../lambda/model/index.ts';
import type { RemedyAnswer } from '../../lambda/remedy/contract.ts';
import { remedyFleet } from '../../lambda/remedy/run.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { awsOutlets, awsPorts } from '../../lambda/wiring/check.ts';
import { remedyPorts } from '../../lambda/wiring/remedy.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { sandboxDynamoDb } from '../../sandbox/aws-remedy.ts';
import { rememberMemory } from '../../sandbox/samples.ts';
import { startLeakyHost, UNIT } from './leak-host.ts';

const START = new Date('2026-11-22T00:00:00Z').getTime();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EVERY_MINUTES = 5;
export const HOST = { id: 'i-00000000000000001', name: 'leaky1' };

/** The worker holds a little more than half from its start, and leaks 1.25 % of the memory in five minutes. */
const LEAK = { limitMib: 768, baseMib: 425, leakKibPerMinute: 1966 };
/** The minute at which the worker alone holds more than there is. */
export const FULL_AT = Math.ceil(((LEAK.limitMib - LEAK.baseMib) * 1024) / LEAK.leakKibPerMinute);

const SETTINGS = parseSettings({
  transport: 'ssh',
  remedies: { restartWorker: true },
  // How busy this machine is, and how full its disks are, is not what is tested.
  timeouts: { sshSeconds: 60 },
  disk: { warningPercent: 0, criticalPercent: 0 },
  inodes: { warningPercent: 0, criticalPercent: 0 },
});

export interface Checked extends InstanceReport {
  /** Minutes since the story began. */
  readonly minute: number;
  readonly codes: readonly ReasonCode[];
}

export type LeakStory = Awaited<ReturnType<typeof beginLeak>>;

/** A host, the pretend AWS that knows it, and a past in which it came no lower than a third. */
export async function beginLeak() {
  const began = Date.now();
  const host = await startLeakyHost(LEAK);
  let minute = -EVERY_MINUTES;
  const clock = { now: () => new Date(START + minute * MINUTE) };
  const aws = new SandboxAws({ now: clock.now });
  aws.launch(HOST.id, {
    privateIp: '127.0.0.1',
    launchedAt: new Date(START - 30 * 24 * HOUR),
    tags: {
      Name: HOST.name,
      [SETTINGS.tag.key]: SETTINGS.tag.value,
      [TAG.ssh]: `user=${host.sshd.user};port=${host.sshd.port}`,
      [TAG.worker]: UNIT,
      [TAG.auto]: 'restart',
    },
  });
  await rememberWeek(aws);
  const quiet = { info: () => {}, warn: () => {}, error: () => {} };
  const world = {
    settings: SETTINGS,
    region: aws.region,
    clock,
    log: quiet,
    ec2: aws.ec2,
    ssm: aws.ssm,
    cloudWatch: aws.cloudwatch,
    samples: fleetSamples({ s3: aws.s3, bucket: aws.bucket.name, clock, log: quiet }),
    files: packedFiles(aws.s3, aws.bucket.name),
    probeDocument: null,
    privateKey: async () => host.sshd.privateKey,
  };
  const remedies = remedyPorts({
    ...world,
    once: { ec2: aws.ec2, ssm: aws.ssm },
    sns: async () => aws.sns,
    topicArn: aws.topic.arn,
    dynamoDb: sandboxDynamoDb({ name: 'acts', items: new Map() }),
    table: 'acts',
    restartDocuments: null,
  });
  const lines: string[] = [];

  /** Lets five minutes pass, in which the worker leaks on, and checks. */
  async function check(): Promise<Checked> {
    minute += EVERY_MINUTES;
    await host.tell(minute);
    const ports = { ...awsPorts(world), outlets: awsOutlets(world, aws.sns, aws.topic.arn) };
    const { report, errors } = await checkFleet(SETTINGS, ports, { deadlineMs: 120_000 });
    const [instance] = report.instances;
    if (errors.length > 0 || instance === undefined) throw new Error(`the check went wrong: ${errors.join('; ')}`);
    const codes = instance.reasons.map(({ code }) => code);
    const { availableBytes = 0, totalBytes = 1 } = instance.vitals?.memory ?? {};
    const available = `${((100 * availableBytes) / totalBytes).toFixed(1)} % available`.padStart(17);
    tell(`${available}  ${[instance.status, ...codes].join(' ')}`);
    return { ...instance, minute, codes };
  }

  /** Checks until one finds this, at the latest when the worker should long have been dead. */
  async function checkUntil(finds: (checked: Checked) => boolean): Promise<Checked> {
    for (;;) {
      const checked = await check();
      if (finds(checked)) return checked;
      if (minute > 2 * FULL_AT) throw new Error(`it never came to that:\n${lines.join('\n')}`);
    }
  }

  /** What the remedy function does when the check calls it: the real one, over the same SSH. */
  async function remedy(): Promise<RemedyAnswer> {
    const request = { action: 'auto', scheduledTime: clock.now() } as const;
    const answer = await remedyFleet(request, SETTINGS, remedies, { deadlineMs: 300_000 });
    for (const { name, remedy: what, why } of answer.decisions ?? []) tell(`${name}: ${what}: ${why}`);
    return answer;
  }

  function tell(text: string): void {
    lines.push(`  minute ${String(minute).padStart(3)}: ${text}`);
  }

  return {
    ...{ aws, world, host, clock, check, checkUntil, remedy },
    settings: SETTINGS,
    mails: () => aws.topic.published,
    async end() {
      await host.close();
      const seconds = (Date.now() - began) / 1000;
      const compressed = `The clock is compressed: ${minute} minutes took ${Math.round(seconds)} s, five minutes a check.`;
      process.stdout.write(`\n${[compressed, ...lines].join('\n')}\n\n`);
    },
  };
}

/** It lived between a third and two thirds available. */
async function rememberWeek(aws: SandboxAws): Promise<void> {
  const week = Array.from({ length: 7 * 24 }, (_, hour) => ({
    at: new Date(START - (7 * 24 - hour) * HOUR),
    available: 0.48 - 0.16 * Math.sin((hour / 24) * 2 * Math.PI),
  }));
  await rememberMemory(aws, HOST.id, week);
}
