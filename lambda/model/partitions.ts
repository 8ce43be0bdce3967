/**
 * The partitions of AWS: by the beginnings of their Regions' names, so that a Region that is newer than this file has its
 * partition too. ARNs, DNS names and the console's address follow from the partition. test/lib/partitions.test.ts holds
 * the table to CDK's region-info and to botocore's endpoints.json.
 */

export interface Partition {
  /** As ARNs spell it. */
  readonly id: string;
  /** What the names of its Regions begin with; of `aws`, which has all others, nothing. */
  readonly regionPrefix: string;
  /** What the names of its endpoints end with. */
  readonly dnsSuffix: string;
  /** What the console's name ends with, after the Region's. */
  readonly console: string;
}

/**
 * The console's domains of the isolated partitions are those of their sign-in pages, as CDK's SamlConsolePrincipal and
 * the Landing Zone Accelerator name them; that of aws-eusc is in its endpoints reference (docs.aws.eu, General Reference).
 */
export const PARTITIONS: readonly Partition[] = [
  { id: 'aws-cn', regionPrefix: 'cn-', dnsSuffix: 'amazonaws.com.cn', console: 'console.amazonaws.cn' },
  { id: 'aws-us-gov', regionPrefix: 'us-gov-', dnsSuffix: 'amazonaws.com', console: 'console.amazonaws-us-gov.com' },
  { id: 'aws-eusc', regionPrefix: 'eusc-', dnsSuffix: 'amazonaws.eu', console: 'console.amazonaws-eusc.eu' },
  { id: 'aws-iso', regionPrefix: 'us-iso-', dnsSuffix: 'c2s.ic.gov', console: 'console.c2shome.ic.gov' },
  { id: 'aws-iso-b', regionPrefix: 'us-isob-', dnsSuffix: 'sc2s.sgov.gov', console: 'console.sc2shome.sgov.gov' },
  { id: 'aws-iso-e', regionPrefix: 'eu-isoe-', dnsSuffix: 'cloud.adc-e.uk', console: 'console.csphome.adc-e.uk' },
  { id: 'aws-iso-f', regionPrefix: 'us-isof-', dnsSuffix: 'csp.hci.ic.gov', console: 'console.csphome.hci.ic.gov' },
  { id: 'aws', regionPrefix: '', dnsSuffix: 'amazonaws.com', console: 'console.aws.amazon.com' },
];

/** The last one has every Region that no other one has. */
const STANDARD = PARTITIONS[PARTITIONS.length - 1] as Partition;

export const partitionOf = (region: string): Partition =>
  PARTITIONS.find(({ regionPrefix }) => region.startsWith(regionPrefix)) ?? STANDARD;

/** `https://eu-central-1.console.aws.amazon.com`, without a slash at its end. */
export const consoleUrl = (region: string): string => `https://${region}.${partitionOf(region).console}`;

/**
 * What may be a Region's name: words with hyphens between them, and a number at the end. No more is certain of those to
 * come; `eusc-de-east-1` was the first with four letters in front.
 */
export const REGION_NAME = /^[a-z][a-z0-9]{1,15}(-[a-z0-9]{1,15}){1,3}-\d{1,2}$/;
