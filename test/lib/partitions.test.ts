/**
 * Partitions and Regions by every name, ARN and link that the product makes, held to CDK's region-info and to what
 * botocore has in endpoints.json (test/fixtures/partitions.json).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { describe, expect, it } from 'vitest';
import { consoleUrl, PARTITIONS, partitionOf, REGION_NAME } from '../../lambda/model/index.ts';
import { parseSettings } from '../../lambda/settings/index.ts';
import { evaluated } from '../support/intrinsics.ts';
import { templateWith } from './synth.ts';

const fixture = readFileSync(join(import.meta.dirname, '../fixtures/partitions.json'), 'utf8');
const botocore: Record<string, { dnsSuffix: string; regions: string[] }> = JSON.parse(fixture).partitions;

/** Each Region that either knows, with what both say of it. */
const recorded = new Map(
  [
    ...Object.entries(botocore).flatMap(([id, { dnsSuffix, regions }]) =>
      regions.map((region) => [region, { id, dnsSuffix }] as const),
    ),
    ...RegionInfo.regions.map(
      ({ name, partition, domainSuffix }) => [name, { id: partition, dnsSuffix: domainSuffix }] as const,
    ),
  ].toSorted(([a], [b]) => (a < b ? -1 : 1)),
);
const account = '123456789012';

describe('the table of partitions', () => {
  it('has those that botocore has, and no other', () => {
    expect(PARTITIONS.map(({ id }) => id).toSorted()).toEqual(Object.keys(botocore).toSorted());
  });

  it.each([...recorded])('gives %s its partition and the end of its DNS names', (region, { id, dnsSuffix }) => {
    expect(partitionOf(region)).toMatchObject({ id, dnsSuffix });
    expect(region).toMatch(REGION_NAME);
  });

  it.each([
    ['eu-south-9', 'aws'],
    ['xx-mars-12', 'aws'],
    ['cn-south-1', 'aws-cn'],
    ['us-gov-north-3', 'aws-us-gov'],
    ['eusc-fr-west-1', 'aws-eusc'],
    ['us-isob-south-1', 'aws-iso-b'],
  ])('gives %s, which is newer than it, the partition %s', (region, id) => {
    expect(partitionOf(region).id).toBe(id);
    expect(parseSettings({ regions: [region] }).regions).toEqual([region]);
  });

  it.each(['', 'eu', 'eu-central', 'eu-central-l', 'EU-CENTRAL-1', 'eu-central-1.evil.example', 'eu central 1', '-1'])(
    'takes %j for no Region',
    (region) => {
      expect(() => parseSettings({ regions: [region] })).toThrow(/^settings: regions: got/);
    },
  );
});

describe('in each Region', () => {
  const CONSOLES: Record<string, (region: string) => string> = {
    aws: (region) => `https://${region}.console.aws.amazon.com`,
    'aws-cn': (region) => `https://${region}.console.amazonaws.cn`,
    'aws-us-gov': (region) => `https://${region}.console.amazonaws-us-gov.com`,
    'aws-eusc': (region) => `https://${region}.console.amazonaws-eusc.eu`,
    'aws-iso': (region) => `https://${region}.console.c2shome.ic.gov`,
    'aws-iso-b': (region) => `https://${region}.console.sc2shome.sgov.gov`,
    'aws-iso-e': (region) => `https://${region}.console.csphome.adc-e.uk`,
    'aws-iso-f': (region) => `https://${region}.console.csphome.hci.ic.gov`,
  };
  const settings = {
    scale: 'distributed',
    accounts: [{ id: '210987654321', externalId: 'a-long-secret' }],
    vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'], createEndpoints: true },
  };
  const template = templateWith(settings).toJSON();

  /** Every text of the template that a Region or a partition is in, as CloudFormation would make it there. */
  function textsIn(region: string, partition: string): string[] {
    const known = { 'AWS::Region': region, 'AWS::Partition': partition, 'AWS::AccountId': account };
    const texts: string[] = [];
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const spelled = JSON.stringify(value);
      if ('Fn::Join' in value && /AWS::(Region|Partition)/.test(spelled)) {
        try {
          texts.push(String(evaluated(value, template, known)));
          return;
        } catch {
          // It names a resource too; what is within may not.
        }
      }
      for (const one of Object.values(value)) walk(one);
    };
    walk(template.Resources);
    walk(template.Outputs);
    return texts;
  }

  it.each([...recorded])(
    '%s the stack spells ARNs, endpoints and the console as its partition does',
    (region, { id }) => {
      const console = CONSOLES[id ?? '']!(region);
      expect(consoleUrl(region)).toBe(console);
      const texts = textsIn(region, id ?? '');
      const arns = texts.filter((text) => text.startsWith('arn:'));
      expect(arns).toContain(`arn:${id}:ec2:${region}:${account}:instance/*`);
      expect(arns).toContain(`arn:${id}:iam::210987654321:role/crawlwatch-member`);
      expect(arns.filter((arn) => !arn.startsWith(`arn:${id}:`))).toEqual([]);
      expect(texts).toContain(
        `${console}/cloudwatch/home?region=${region}#dashboards/dashboard/CrawlwatchStack-${region}`,
      );
      const endpoints = texts.filter((text) => /amazonaws\.|^gov\.|^uk\./.test(text) && !/^https:|arn:/.test(text));
      expect(endpoints).toHaveLength(8);
      for (const name of endpoints) expect(name).toContain(`.${region}.`);
    },
  );

  it('nothing in the template spells a partition, a Region or a console by itself', () => {
    const { Mappings: _, Conditions: __, ...rest } = template;
    const text = JSON.stringify(rest);
    expect(text).not.toMatch(/arn:aws[a-z-]*:/);
    expect(text).not.toMatch(/console\.(aws\.amazon|amazonaws)/);
    for (const region of recorded.keys()) expect(text).not.toContain(`"${region}"`);
  });
});
