/** Absolute addresses of what a mail speaks of: they open on a phone, in the console of the right partition and Region. */

import { consoleUrl, INSTANCE_ID, REGION_NAME, type ReasonCode } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

export interface Link {
  readonly label: string;
  readonly url: string;
}

/** The fleet's dashboard, which lib/fleet-dashboard.ts names; null where it isn't known in which Region the stack is. */
export const dashboardUrl = (home: string | null, stack: string): string | null =>
  home === null || !REGION_NAME.test(home)
    ? null
    : `${consoleUrl(home)}/cloudwatch/home?region=${home}#dashboards/dashboard/${stack}-${home}`;

/** An instance's page in the EC2 console. A browser shows it in the account that it is signed in to. */
export const instanceUrl = (region: string | null, id: string): string | null =>
  region === null || !REGION_NAME.test(region) || !INSTANCE_ID.test(id)
    ? null
    : `${consoleUrl(region)}/ec2/home?region=${region}#InstanceDetails:instanceId=${id}`;

/** The part of the fleet owner's own runbook on a reason; null: the runbook is on the dashboard. */
export const runbookUrl = ({ alerts }: Pick<Settings, 'alerts'>, code: ReasonCode | undefined): string | null =>
  alerts.runbookUrl?.replaceAll('{reason}', code ?? 'Unknown') ?? null;
