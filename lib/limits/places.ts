/** Whether what the settings name is where the stack can use it: found at synth, since a deploy would fail or, worse, work. */
import { Annotations } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import { partitionOf } from '../../lambda/model/index.ts';
import { parseArn, type Settings, SettingsError } from '../../lambda/settings/index.ts';

/** A setting whose ARN must be of the stack's Region, and why. */
interface Placed {
  readonly key: string;
  readonly arn: string | null;
  readonly why: string;
}

/**
 * @param region where the stack is deployed; null where that isn't known yet, and the settings are held to each other
 * @throws SettingsError with every problem found
 */
export function refuseOtherPlaces({ alerts, ssh, regions }: Settings, region: string | null): void {
  const placed: readonly Placed[] = [
    { key: 'alerts.topicArn', arn: alerts.topicArn, why: 'an alarm can only mail to a topic of its own Region' },
    { key: 'ssh.keySecretArn', arn: ssh.keySecretArn, why: 'the functions read the key there' },
  ];
  const found = placed.flatMap(({ arn, ...rest }) => {
    const at = arn === null ? null : parseArn(arn);
    return at === null ? [] : [{ ...rest, arn, region: at.region }];
  });
  const [first] = found;
  const home = region ?? first?.region ?? regions?.[0];
  if (home === undefined) return;
  const whose = region !== null ? 'where the stack is' : `as ${first?.key ?? 'the first of regions'} is`;
  const elsewhere = found
    .filter((one) => one.region !== home)
    .map(({ key, arn, why }) => `${key}: got ${JSON.stringify(arn)}; allowed: one in ${home}, ${whose}: ${why}`);
  const { id } = partitionOf(home);
  const foreign = (regions ?? []).filter((one) => partitionOf(one).id !== id);
  const problems = [
    ...elsewhere,
    ...foreign.map(
      (one) =>
        `regions: got ${JSON.stringify(one)}; allowed: Regions of the partition ${id}, ${whose}: credentials of one partition are good in no other`,
    ),
  ];
  if (problems.length > 0) throw new SettingsError(problems);
}

/** Warns of a Region that CDK doesn't know: a typo, or newer than CDK. */
export function warnOfUnknownRegions(scope: Construct, { regions }: Settings): void {
  const known = new Set(RegionInfo.regions.map(({ name }) => name));
  const unknown = (regions ?? []).filter((region) => !known.has(region));
  if (unknown.length === 0) return;
  Annotations.of(scope).addWarningV2(
    'crawlwatch:unknownRegion',
    `regions: CDK knows no ${unknown.join(', ')}. If it isn't a typo, the Region is newer than this version of aws-cdk-lib, and nothing is wrong.`,
  );
}
