/** What the demo shows of its sandbox: mails in full, and at the end the tags and metrics as AWS would hold them. */
import {
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { FLEET_METRIC, INSTANCE_METRIC, METRIC_NAMESPACE } from '../lambda/names.ts';
import type { SandboxAws } from '../sandbox/aws.ts';

type Print = (text?: string) => void;

export function printMail(print: Print, mail: { readonly subject: string; readonly body: string }): void {
  print(`\n+-- E-MAIL to you@example.com ${'-'.repeat(70)}`);
  print(`| Subject: ${mail.subject}\n|`);
  for (const line of mail.body.trimEnd().split('\n')) print(`| ${line}`.trimEnd());
  print(`+${'-'.repeat(99)}`);
}

export async function printEnd(print: Print, aws: SandboxAws, from: Date, to: Date): Promise<void> {
  print(`\n${'='.repeat(100)}\nTAGS on the instances, as the last check left them\n`);
  for (const { id, tags } of aws.instances.values()) {
    print(`${tags.get('Name')} (${id})`);
    for (const [key, value] of [...tags].filter(([key]) => key.startsWith('crawlwatch')).sort())
      print(`  ${key} = ${value}`);
  }
  print(`\nMETRICS in the namespace ${METRIC_NAMESPACE}, one value a check\n`);
  for (const { label, values } of await readBack(aws, from, to)) {
    print(
      `  ${label.padEnd(56)} ${values.map((value) => String(Number(value.toFixed(1))).padStart(6)).join('')}`.trimEnd(),
    );
  }
  const calls = ['DescribeInstances', 'CreateTags', 'DeleteTags', 'PutMetricData', 'GetMetricData', 'Publish'];
  print(`\nAWS CALLS: ${calls.map((name) => `${name} ${aws.calls(`${name}Command`)}`).join(', ')}`);
}

async function readBack(aws: SandboxAws, from: Date, to: Date): Promise<{ label: string; values: number[] }[]> {
  const query = (name: string, dimensions: Readonly<Record<string, string>>): Omit<MetricDataQuery, 'Id'> => ({
    Label: [name, ...Object.values(dimensions)].join(' '),
    MetricStat: {
      Metric: {
        Namespace: METRIC_NAMESPACE,
        MetricName: name,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: 60,
      Stat: 'Maximum',
    },
  });
  const queries = [
    ...Object.values(FLEET_METRIC).map((name) => query(name, {})),
    ...Object.values(INSTANCE_METRIC).flatMap((name) =>
      [...aws.instances.values()].map(({ id, tags }) => query(name, { InstanceId: id, Name: tags.get('Name') ?? id })),
    ),
  ];
  const { MetricDataResults = [] }: GetMetricDataCommandOutput = await aws.cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: from,
      EndTime: new Date(to.getTime() + 60_000),
      ScanBy: 'TimestampAscending',
      MetricDataQueries: queries.map((one, n) => ({ ...one, Id: `m${n}` })),
    }),
  );
  const named = MetricDataResults.map(({ Id, Values = [] }) => ({
    label: queries[Number(Id?.slice(1))]?.Label ?? '',
    values: Values,
  }));
  return named.filter(({ values }) => values.length > 0);
}
