/** The whole system in a sandbox: AWS in memory, ten real SSH servers, a real shell, the real pipeline, a virtual clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { awsOutlets, awsPorts } from '../../lambda/aws-ports.ts';
import { checkFleet } from '../../lambda/check-fleet.ts';
import { reportTable } from '../../lambda/core/fleet-table.ts';
import { metricDimensions } from '../../lambda/core/metric-data.ts';
import { INSTANCE_METRIC, METRIC_NAMESPACE, TAG } from '../../lambda/names.ts';
import { parseSettings } from '../../lambda/settings.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { CRAWLERS, DYING_CONSOLE, leakHistory, STORY } from '../../sandbox/crawlers.ts';
import { record } from '../../sandbox/recording.ts';
import { newKey, type SshHost, startSshHost } from '../../sandbox/ssh-hosts.ts';
import type { CommandIo } from '../command-io.ts';
import { printEnd, printMail } from '../demo-output.ts';

const START = new Date('2026-11-22T08:00:00Z');
/** The hosts were booted the day before. */
const UP_SECONDS = 26 * 3600;
/** On loopback a host that hasn't answered in two seconds won't; in a deployed stack it has fifteen. */
const SETTINGS = parseSettings({ transport: 'ssh', timeouts: { sshSeconds: 2 }, alertEmail: 'you@example.com' });

/** @returns the exit code. */
export async function demo({ stdout }: CommandIo): Promise<number> {
  const print = (text = '') => stdout.write(`${text}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-demo-'));
  const hosts = new Map<string, SshHost>();
  try {
    await tell(print, folder, hosts);
    return 0;
  } finally {
    await Promise.all([...hosts.values()].map((host) => host.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tell(print: (text?: string) => void, folder: string, hosts: Map<string, SshHost>): Promise<void> {
  const key = newKey();
  let moment = START;
  let startedAt = Date.now();
  // Between checks the clock leaps; within one it runs as clocks do.
  const clock = { now: () => new Date(moment.getTime() + (Date.now() - startedAt)) };
  const aws = new SandboxAws({ now: clock.now });
  const recordingOf = (crawler: (typeof CRAWLERS)[number], check: number) => {
    const state = crawler.states[check] ?? crawler.states[0];
    if (state === undefined) throw new Error(`${crawler.name} has no story`);
    const minutes = (STORY[check]?.minute ?? 0) - (state.boot > 1 ? 18 : 0);
    const uptime = state.boot > 1 ? minutes * 60 : UP_SECONDS + minutes * 60;
    return { state, recording: record(join(folder, crawler.name), crawler, state, uptime) };
  };

  for (const crawler of CRAWLERS) {
    const { state, recording } = recordingOf(crawler, 0);
    const host = await startSshHost(key.public, state.ssh, recording);
    hosts.set(crawler.id, host);
    aws.launch(crawler.id, {
      privateIp: '127.0.0.1',
      launchedAt: new Date(START.getTime() - UP_SECONDS * 1000),
      console: crawler.name === 'ficrawler9' ? DYING_CONSOLE : '',
      tags: {
        Name: crawler.name,
        [SETTINGS.tag.key]: SETTINGS.tag.value,
        [TAG.ssh]: `user=ubuntu;port=${host.port}`,
        ...(crawler.worker !== null && { [TAG.worker]: crawler.worker }),
      },
    });
  }
  aws.topic.subscriptions.push({ endpoint: 'you@example.com', confirmed: true });
  await rememberWeek(aws);

  print('crawlwatch demo: ten crawlers, real SSH servers on this machine, AWS in memory. Nothing leaves this machine.');
  const quiet = { info: () => {}, warn: () => {}, error: () => {} };
  const world = {
    settings: SETTINGS,
    region: aws.region,
    clock,
    log: quiet,
    ec2: aws.ec2,
    ssm: aws.ssm,
    cloudWatch: aws.cloudwatch,
    probeDocument: null,
    privateKey: async () => key.private,
  };
  for (const [check, { minute, says }] of STORY.entries()) {
    for (const crawler of CRAWLERS) {
      const { state, recording } = recordingOf(crawler, check);
      hosts.get(crawler.id)?.behave(state.ssh, recording);
    }
    moment = new Date(START.getTime() + minute * 60_000);
    startedAt = Date.now();
    const mails = aws.topic.published.length;
    const ports = { ...awsPorts(world), outlets: awsOutlets(world, aws.sns, aws.topic.arn) };
    const { report, errors } = await checkFleet(SETTINGS, ports, { deadlineMs: 60_000 });
    if (errors.length > 0) throw new Error(`the demo went wrong: ${errors.join('; ')}`);
    print(`\n${'='.repeat(100)}`);
    print(`CHECK ${check} at ${moment.toISOString().slice(11, 16)} UTC: ${says}.\n`);
    const login = ({ id }: { readonly id: string }) => `ssh -p ${hosts.get(id)?.port} ubuntu@127.0.0.1`;
    print(reportTable(report, { width: null, colour: false, now: moment, login }));
    for (const mail of aws.topic.published.slice(mails)) printMail(print, mail);
    if (aws.topic.published.length === mails) print('\nNo mail.');
  }
  await printEnd(print, aws, START, clock.now());
}

/** The week before, in which one host came no lower than a third: what the forecast looks back on. */
async function rememberWeek(aws: SandboxAws): Promise<void> {
  const leaking = CRAWLERS.find((crawler) => crawler.name === 'ficrawler7');
  if (leaking === undefined) return;
  const Dimensions = Object.entries(metricDimensions(leaking)).map(([Name, Value]) => ({ Name, Value }));
  const MetricData = leakHistory(START).map(({ at, available }) => ({
    MetricName: INSTANCE_METRIC.memory,
    Dimensions,
    Timestamp: at,
    Value: (1 - available) * 100,
  }));
  await aws.cloudwatch.send(new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData }));
}
