/**
 * What a fleet costs a month on AWS, item by item, and beside it the CloudWatch agent publishing the same metrics. Pure.
 * An estimate: list prices, no free tier, and the assumptions that each item names.
 */

import { shardSize } from '../scale/index.ts';
import { actsByItself, endpointServices, isDistributed, isSecretsManager, type Settings } from '../settings/index.ts';
import {
  ACTING_METRICS,
  ACTING_READS,
  ACTING_SECONDS,
  ACTING_SHARE,
  ACTING_WRITES,
  ANALYSED_MOST,
  DATUMS_PER_REQUEST,
  EXPRESS_GB,
  FILE_BYTES,
  FILE_DAYS,
  FLEET_ALARMS,
  FLEET_METRICS,
  GIB,
  HOURS,
  LOG_BYTES,
  MEMORY_GIB,
  METRICS_PER_INSTANCE,
  PRICE,
  PRICES_OF,
  RUN_TRANSITIONS,
  STATE_BYTES,
  STATE_GETS,
  STATE_PUTS,
  TROUBLED_PERCENT,
  WIDGET_DRAWS,
  WIDGET_GETS,
} from './prices.ts';

export { PRICES_OF } from './prices.ts';

export interface CostItem {
  readonly item: string;
  /** A month. */
  readonly dollars: number;
  /** What it is for, and what was assumed. */
  readonly why: string;
  /** The settings that it depends on. */
  readonly settings: readonly string[];
}

export interface Bill {
  readonly instances: number;
  readonly items: readonly CostItem[];
  readonly total: number;
  /** The CloudWatch agent on every instance, publishing the same metrics each minute, under the same alarms. */
  readonly agent: { readonly items: readonly CostItem[]; readonly total: number };
}

/** @param troubledPercent of the instances are in trouble at any time: they have full lines in the log, and metrics in any case but `none` */
export function monthlyBill(instances: number, settings: Settings, troubledPercent = TROUBLED_PERCENT): Bill {
  const items = ourItems(instances, settings, troubledPercent).filter(({ dollars }) => dollars > 0);
  const agent = agentItems(instances).filter(({ dollars }) => dollars > 0);
  return { instances, items, total: sum(items), agent: { items: agent, total: sum(agent) } };
}

const sum = (items: readonly CostItem[]): number => items.reduce((total, { dollars }) => total + dollars, 0);

function ourItems(instances: number, settings: Settings, troubledPercent: number): CostItem[] {
  const checks = (HOURS * 60) / settings.schedule.everyMinutes;
  const { perInstance: published } = settings.metrics;
  const troubled = Math.ceil((instances * troubledPercent) / 100);
  const perInstance = METRICS_PER_INSTANCE * { all: instances, troubled, none: 0 }[published];
  const turns = functionTurns(instances, settings);
  const seconds = turns.reduce((total, { count, seconds: each }) => total + count * each, 0);
  const functions = turns.reduce((total, { count }) => total + count, 0);
  // Those that are well have one full line an hour.
  const fullLines = checks * (troubled + 1) + HOURS * (instances - troubled);
  const briefLines = Math.max(0, checks - HOURS) * (instances - troubled);
  const logGib = (fullLines * LOG_BYTES.full + briefLines * LOG_BYTES.brief) / GIB;
  const every = 'schedule.everyMinutes';
  // On a run there are two metrics, and an alarm costs as much for each.
  const alarms = FLEET_ALARMS + [actsByItself(settings), isDistributed(settings)].filter((more) => more).length;
  return [
    {
      item: 'custom metrics',
      dollars: metricMonths(perInstance + FLEET_METRICS + ACTING_METRICS * ACTING_SHARE),
      why: `${perInstance} of instances (${METRICS_PER_INSTANCE} each${published === 'troubled' ? `; assumed: ${troubledPercent}% in trouble` : ''}), ${FLEET_METRICS} of the fleet, ${ACTING_METRICS} of acting (assumed: in one hour of ten)`,
      settings: ['metrics.perInstance'],
    },
    {
      item: 'alarms',
      dollars: alarms * PRICE.alarm,
      why: `${alarms} on metrics of the fleet and of the functions`,
      settings: ['remedies', 'scale'],
    },
    {
      item: 'Lambda',
      dollars: checks * (seconds * MEMORY_GIB * PRICE.gibSecond + functions * PRICE.invocation),
      why: `${checks} checks of ${Math.round(seconds)} s${functions > 1 ? ` in ${functions} functions` : ''} (assumed) with 512 MB`,
      settings: [every, 'transport', 'forks', 'scale'],
    },
    {
      item: 'logs',
      dollars: logGib * (PRICE.logGibIngested + (PRICE.logGibMonth * settings.logs.retentionDays) / 30),
      why: `${LOG_BYTES.full} bytes an instance once an hour, and in each check where something is wrong (assumed: ${troubledPercent}%), else ${LOG_BYTES.brief}; kept ${settings.logs.retentionDays} days`,
      settings: [every, 'logs.retentionDays'],
    },
    {
      item: 'publishing metrics',
      dollars: checks * (Math.ceil(perInstance / DATUMS_PER_REQUEST) + 1) * PRICE.metricRequest,
      why: 'PutMetricData, 1,000 values a request',
      settings: [every, 'metrics.perInstance'],
    },
    { item: 'dashboard', dollars: PRICE.dashboard, why: 'one', settings: [] },
    { item: 'schedule', dollars: checks * PRICE.schedulerInvocation, why: `${checks} invocations`, settings: [every] },
    ...(actsByItself(settings) ? [acting(checks * ACTING_SHARE)] : []),
    ...sharedItems(instances, checks, turns),
    ...optionalItems(settings),
  ];
}

/** Nothing where crawlwatch never acts by itself: at rest the function and its table cost nothing. */
const acting = (runs: number): CostItem => ({
  item: 'acting by itself',
  dollars:
    runs *
    (ACTING_SECONDS * MEMORY_GIB * PRICE.gibSecond +
      PRICE.invocation +
      ACTING_WRITES * PRICE.tableWrite +
      ACTING_READS * PRICE.tableRead),
  why: `${Math.round(runs)} runs of the remedy function (assumed: in one check of ten, ${ACTING_SECONDS} s), and its table`,
  settings: ['remedies', 'schedule.everyMinutes'],
});

function optionalItems(settings: Settings): CostItem[] {
  const { alerts, ssh, vpc } = settings;
  const secret = ssh.keySecretArn !== null && isSecretsManager(ssh.keySecretArn);
  const { byPrivateDns, byUrl } = endpointServices(settings);
  const endpoints = byPrivateDns.length + byUrl.length;
  const zones = vpc.subnetIds?.length ?? 0;
  return [
    { item: 'topic key', dollars: alerts.encrypt ? PRICE.key : 0, why: 'one KMS key', settings: ['alerts.encrypt'] },
    { item: 'SSH key', dollars: secret ? PRICE.secret : 0, why: 'one secret', settings: ['ssh.keySecretArn'] },
    {
      item: 'interface endpoints',
      dollars: endpoints * zones * PRICE.endpointZone,
      why: `${endpoints} services in ${zones} zones, before data`,
      settings: ['vpc.createEndpoints', 'remedies'],
    },
  ];
}

/** The agent only publishes: it can't notice that its host hangs, so it has no alarm for that, and no forecast. */
function agentItems(instances: number): CostItem[] {
  const metrics = METRICS_PER_INSTANCE * instances;
  return [
    {
      item: 'custom metrics',
      dollars: metricMonths(metrics),
      why: `${METRICS_PER_INSTANCE} an instance; its default configuration publishes several times as many`,
      settings: [],
    },
    {
      item: 'publishing metrics',
      dollars: instances * HOURS * 60 * PRICE.metricRequest,
      why: 'PutMetricData, a request a minute from each instance',
      settings: [],
    },
    {
      item: 'memory and disk alarms',
      dollars: 2 * Math.min(instances, ANALYSED_MOST) * PRICE.analysedMetric,
      why: 'two Metrics Insights alarms, each analysing one metric of every instance',
      settings: [],
    },
    { item: 'dashboard', dollars: PRICE.dashboard, why: 'one', settings: [] },
  ];
}

function metricMonths(count: number): number {
  let [dollars, from] = [0, 0];
  for (const { upTo, each } of PRICE.metricTiers) {
    dollars += Math.max(0, Math.min(count, upTo) - from) * each;
    from = upTo;
  }
  return dollars;
}

const money = (dollars: number): string => dollars.toFixed(2);

/** The bill as text for a terminal. */
export function billText({ instances, items, total, agent }: Bill): string {
  const row = (dollars: number, item: string, rest: string) =>
    `${money(dollars).padStart(11)}  ${item.padEnd(24)}${rest}`;
  const lines = (some: readonly CostItem[]) =>
    some.map(({ dollars, item, why, settings }) =>
      row(dollars, item, `${why}${settings.length > 0 ? ` [${settings.join(', ')}]` : ''}`).trimEnd(),
    );
  return `${[
    `${instances} instances, a month, in ${PRICES_OF}; [settings that change it]`,
    '',
    ...lines(items),
    row(total, 'TOTAL', `${money(total / instances)} an instance`),
    '',
    'The CloudWatch agent on each instance, publishing the same metrics every minute:',
    '',
    ...lines(agent.items),
    row(agent.total, 'TOTAL', `${money(agent.total / instances)} an instance`),
  ].join('\n')}\n`;
}

/** Rows for several fleets side by side: the item, then dollars a month in each bill; a dash where a bill lacks it. */
export function billRows(bills: readonly Bill[]): readonly (readonly string[])[] {
  const names = [...new Set(bills.flatMap(({ items }) => items.map(({ item }) => item)))];
  const cells = (of: (bill: Bill) => number | undefined) =>
    bills.map((bill) => {
      const dollars = of(bill);
      return dollars === undefined ? '-' : money(dollars);
    });
  return [
    ...names.map((name) => [name, ...cells(({ items }) => items.find(({ item }) => item === name)?.dollars)]),
    ['**crawlwatch**', ...cells(({ total }) => total)],
    ['the CloudWatch agent, same metrics', ...cells(({ agent }) => agent.total)],
  ];
}

export interface Turns {
  readonly step: 'check' | 'plan' | 'shard' | 'join';
  readonly count: number;
  /** Of each, assumed. */
  readonly seconds: number;
}

/**
 * The functions of one check. Over SSM shards share the account's rates, so that each takes as long as the whole fleet
 * would; over SSH each has sockets of its own.
 */
export function functionTurns(instances: number, settings: Settings): Turns[] {
  const whole = checkSeconds(instances, settings);
  if (!isDistributed(settings)) return [{ step: 'check', count: 1, seconds: whole }];
  const transport = isOverSsh(settings) ? 'ssh' : 'ssm';
  const size = shardSize(transport, {}, settings);
  return [
    { step: 'plan', count: 1, seconds: 2 + instances / 2_000 },
    {
      step: 'shard',
      count: Math.ceil(instances / size),
      seconds: transport === 'ssh' ? checkSeconds(Math.min(instances, size), settings) : whole,
    },
    { step: 'join', count: 1, seconds: 2 + instances / 2_000 },
  ];
}

/** Step Functions, which runs the steps, and the files in the bucket. */
export function sharedItems(instances: number, checks: number, turns: readonly Turns[]): CostItem[] {
  const shards = turns.find(({ step }) => step === 'shard');
  const every = 'schedule.everyMinutes';
  const runFiles = shards === undefined ? { puts: 0, gets: 0, gib: 0 } : filesOf(shards.count, instances, checks);
  const gets = runFiles.gets + STATE_GETS;
  const puts = runFiles.puts + STATE_PUTS;
  const stateGib = (instances * STATE_BYTES) / GIB;
  return [
    {
      item: 'Step Functions',
      dollars:
        shards === undefined
          ? 0
          : checks *
            (RUN_TRANSITIONS * PRICE.stateTransition +
              shards.count * (PRICE.expressRequest + shards.seconds * EXPRESS_GB * PRICE.expressGbSecond)),
      why: `${checks} runs of ${RUN_TRANSITIONS} transitions and ${shards?.count ?? 0} Express shards, which bill as long as their function takes`,
      settings: ['scale', every],
    },
    {
      item: 'files in S3',
      dollars:
        checks * (puts * PRICE.filePut + gets * PRICE.fileGet) +
        WIDGET_DRAWS * WIDGET_GETS * PRICE.fileGet +
        (runFiles.gib + stateGib) * PRICE.fileGibMonth,
      why: `state and samples: ${puts} written and ${gets} read a check, ${WIDGET_GETS} read for each of ${WIDGET_DRAWS} draws of the table (assumed)${shards === undefined ? '' : `; ${FILE_BYTES} bytes an instance and run, kept ${FILE_DAYS} days`}`,
      settings: ['scale', every],
    },
  ];
}

/** A shard's list of hosts and its result; the plan, the list of shards, and what hosts have cost. */
const filesOf = (shards: number, instances: number, checks: number) => ({
  puts: 2 * shards + 3,
  gets: 3 * shards + 3,
  gib: ((checks / (HOURS / 24)) * FILE_DAYS * instances * FILE_BYTES) / GIB,
});

/** Assumed: over SSM the slowest host and the calls for each batch, over SSH a second a host in each fork. */
function checkSeconds(instances: number, settings: Settings): number {
  return isOverSsh(settings) ? 5 + instances / settings.forks : 15 + instances / 50;
}

const isOverSsh = ({ transport, vpc }: Settings): boolean =>
  transport === 'ssh' || (transport === 'auto' && vpc.id !== null);
