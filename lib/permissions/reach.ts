/** Where a role reaches instances: in which Regions, with which documents, and through which roles of other accounts. */

import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { MEMBER_PROBE_DOCUMENT } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';

/** ARNs that a role is granted. */
export interface Reach {
  readonly instances: string[];
  /** The documents that may run on them. */
  readonly documents: string[];
}

/** In Regions other than the stack's, the probe's document is the one that accounts/crawlwatch-member.yaml makes there. */
export function reachOf(stack: Stack, regions: readonly string[], probe: CfnDocument): Reach {
  const elsewhere = regions.filter((region) => region !== stack.region);
  return {
    instances: regions.map((region) => watchedInstances(stack, region)),
    documents: [documentArn(stack, probe), ...elsewhere.map((region) => memberDocumentArn(stack, region))],
  };
}

/** All instances of a Region; statements narrow them by the watch tag. */
export const watchedInstances = (stack: Stack, region = stack.region): string =>
  stack.formatArn({ service: 'ec2', region, resource: 'instance', resourceName: '*' });

export const documentArn = (stack: Stack, document: CfnDocument): string =>
  stack.formatArn({ service: 'ssm', resource: 'document', resourceName: document.ref });

export const memberDocumentArn = (stack: Stack, region: string): string =>
  stack.formatArn({ service: 'ssm', region, resource: 'document', resourceName: MEMBER_PROBE_DOCUMENT });

/** Allows those roles and no others, even where another role trusts this one. */
export function assumeMembers(stack: Stack, { accounts }: Settings, suffix = ''): PolicyStatement[] {
  if (accounts === null) return [];
  const resources = accounts.map(({ id, roleName }) =>
    stack.formatArn({
      service: 'iam',
      region: '',
      account: id,
      resource: 'role',
      resourceName: `${roleName}${suffix}`,
    }),
  );
  return [new PolicyStatement({ sid: 'AssumeMembers', actions: ['sts:AssumeRole'], resources })];
}
