/**
 * The buttons and links of the fleet table: the console runs a `cwdb-action` for the element right before it, under the
 * viewer's own permissions. Of what a host or a tag says, only the name gets into one, in the confirmation's text
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html).
 */

import { Html, html } from '../kit/index.ts';
import { INSTANCE_ID, REGION_NAME, type Remedy } from '../model/index.ts';
import { type FleetRow, remedyOf } from './rows.ts';

const FUNCTION_ARN = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]{1,128})?$/;
const NAME_LENGTH = 60;

/** What a click calls. */
export interface WidgetEndpoints {
  /** The widget's own function, which turns the pages. */
  readonly widgetArn: string | null;
  /** The function that may restart and reboot; null: there are no buttons. */
  readonly remedyArn: string | null;
  readonly region: string | null;
}

const isFunction = (arn: string | null): arn is string => arn !== null && FUNCTION_ARN.test(arn);

/** How the console renders a confirmation is not documented: only characters that no markup uses go into it. */
const plainName = (name: string): string => name.slice(0, NAME_LENGTH).replace(/[^\w .:/@-]/g, '?');

/** A call's parameters: numbers, fixed words and checked ids alone, which need no escaping in JSON or HTML. */
const parameters = (value: Readonly<Record<string, number | string>>): Html => new Html(JSON.stringify(value));

/** By remedy: the label of its button, and the question before the call. */
const BUTTONS: Readonly<Record<Remedy, { readonly label: string; readonly question: (host: string) => string }>> = {
  'restart-worker': {
    label: 'Restart worker',
    question: (host) => `Restart the worker on ${host}? What it is working at ends.`,
  },
  'restart-sshd': { label: 'Restart sshd', question: (host) => `Restart sshd on ${host}? Whatever runs on it stays.` },
  reboot: { label: 'Reboot', question: (host) => `Reboot ${host}? Whatever runs on it ends.` },
};

/** The button of the recommended remedy, if there is one; the remedy function checks again before it acts, and may refuse. */
export function remedyButton(row: FleetRow, { remedyArn }: WidgetEndpoints): Html | null {
  const { id, name } = row;
  const remedy = remedyOf(row);
  // The remedy function acts in its own Region and account alone.
  if (remedy === null || row.elsewhere === true || !isFunction(remedyArn) || !INSTANCE_ID.test(id)) return null;
  const { label, question } = BUTTONS[remedy];
  const confirmation = `${question(`${plainName(name)} (${id})`)} It is checked once more before.`;
  const look = remedy === 'reboot' ? 'btn btn-primary' : 'btn';
  return html`<a class="${look} cw-${remedy}">${label}</a><cwdb-action action="call" display="popup" endpoint="${remedyArn}" confirmation="${confirmation}">${parameters({ action: remedy, instanceId: id, requester: 'dashboard' })}</cwdb-action>`;
}

export function pageLink(label: string, page: number, { widgetArn }: WidgetEndpoints): Html | null {
  if (!isFunction(widgetArn)) return null;
  return html`<a class="btn cw-page">${label}</a><cwdb-action action="call" display="widget" endpoint="${widgetArn}">${parameters({ page })}</cwdb-action>`;
}

/** A link to the EC2 console; relative, so that it stays in the partition. None to another account: it can't be seen there. */
export function instanceLink(row: FleetRow, endpoints: WidgetEndpoints): Html {
  const { id, elsewhere, account } = row;
  const region = elsewhere === true ? row.region : endpoints.region;
  const isForeign = elsewhere === true && account !== (endpoints.widgetArn?.split(':')[4] ?? null);
  if (region === null || isForeign || !REGION_NAME.test(region) || !INSTANCE_ID.test(id)) return html`${id}`;
  return html`<a href="/ec2/home?region=${region}#InstanceDetails:instanceId=${id}" target="_blank">${id}</a>`;
}
