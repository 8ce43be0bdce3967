/** Where a role reaches instances: in which Regions, by which documents, and through which roles of other accounts. */

import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { MEMBER_PROBE_DOCUMENT } from '../lambda/model/index.ts';
import type { Settings } from '../lambda/settings/index.ts';

/** ARNs. */
export interface Reach {
  readonly instances: string[];
  /** What may be run on them. */
  readonly documents: string[];
}

/** In other Regions than the stack's the probe is the one that accounts/crawlwatch-member.yaml makes there. */
export function reachOf(stack: Stack, regions: readonly string[], probe: CfnDocument): Reach {
  const elsewhere = regions.filter((region) => region !== stack.region);
  return {
    instances: regions.map((region) => watchedInstances(stack, region)),
    documents: [documentArn(stack, probe), ...elsewhere.map((region) => memberDocumentArn(stack, region))],
  };
}

/** Which of them count, the watch tag says. */
export const watchedInstances = (stack: Stack, region = stack.region): string =>
  stack.formatArn({ service: 'ec2', region, resource: 'instance', resourceName: '*' });

export const documentArn = (stack: Stack, document: CfnDocument): string =>
  stack.formatArn({ service: 'ssm', resource: 'document', resourceName: document.ref });

export const memberDocumentArn = (stack: Stack, region: string): string =>
  stack.formatArn({ service: 'ssm', region, resource: 'document', resourceName: MEMBER_PROBE_DOCUMENT });

/** Those roles and no others, whoever else may trust this one. */
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
