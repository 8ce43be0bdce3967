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

interface Ask {
  readonly label: string;
  /** What is asked before the call. */
  readonly question: (host: string) => string;
}

/** By what the remedy function is asked for about one instance. */
const BUTTONS: Readonly<Record<Remedy | 'unflag', Ask>> = {
  'restart-worker': {
    label: 'Restart worker',
    question: (host) =>
      `Restart the worker on ${host}? What it is working at ends. The host is checked once more before.`,
  },
  'restart-sshd': {
    label: 'Restart sshd',
    question: (host) => `Restart sshd on ${host}? Whatever runs on it stays. It is checked once more before.`,
  },
  reboot: {
    label: 'Reboot',
    question: (host) => `Reboot ${host}? Whatever runs on it ends. It is checked once more before.`,
  },
  unflag: {
    label: 'Unflag',
    question: (host) => `Take the flag away from ${host}? It is not rebooted, and flagged again if it goes on hanging.`,
  },
};

/** By what it is asked for about all instances. */
const FOR_ALL = {
  pause: {
    label: 'Pause acting',
    question:
      'Pause all restarts and reboots, those of crawlwatch and those of people, until somebody resumes? Checks, flags and mails go on. What has begun is not called back.',
    fields: { why: 'from the dashboard' },
  },
  resume: {
    label: 'Resume acting',
    question:
      'Let restarts and reboots go on? Those by crawlwatch itself, too, where reboots in vain had stopped them; these are counted from now on.',
    fields: {},
  },
} as const;

/** The buttons of a row: the recommended remedy, and away with the flag. The function checks again before it acts, and may refuse. */
export function rowButtons(row: FleetRow, { remedyArn }: WidgetEndpoints): Html[] {
  const { id, name, band } = row;
  // The remedy function acts in its own Region and account alone.
  if (row.elsewhere === true || !isFunction(remedyArn) || !INSTANCE_ID.test(id)) return [];
  const remedy = remedyOf(row);
  return [...(remedy === null ? [] : [remedy]), ...(band === 'flagged' ? (['unflag'] as const) : [])].map((action) => {
    const { label, question } = BUTTONS[action];
    const confirmation = question(`${plainName(name)} (${id})`);
    return callButton(action, label, confirmation, remedyArn, { action, instanceId: id, requester: 'dashboard' });
  });
}

/** Pauses or resumes every act. Null where there is no function that acts. */
export function actingButton(action: keyof typeof FOR_ALL, { remedyArn }: WidgetEndpoints): Html | null {
  if (!isFunction(remedyArn)) return null;
  const { label, question, fields } = FOR_ALL[action];
  return callButton(action, label, question, remedyArn, { action, requester: 'dashboard', ...fields });
}

function callButton(
  action: string,
  label: string,
  confirmation: string,
  remedyArn: string,
  request: Readonly<Record<string, string>>,
): Html {
  const look = action === 'reboot' ? 'btn btn-primary' : 'btn';
  return html`<a class="${look} cw-${action}">${label}</a><cwdb-action action="call" display="popup" endpoint="${remedyArn}" confirmation="${confirmation}">${parameters(request)}</cwdb-action>`;
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
