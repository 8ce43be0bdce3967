/** Warnings above the table: the mail reaches no one, no check has finished, figures can't be read. */

import { howToSubscribe } from '../alert/index.ts';
import { shellWord } from '../kit/index.ts';
import { DEFAULT_STACK_NAME, type Pause } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { widgetTimes } from './times.ts';

/** What the notices are made from; `unread` says why something could not be read. */
export interface WidgetHealth {
  readonly topicArn: string | null;
  readonly subscription: 'confirmed' | 'pending' | 'none' | { readonly unread: string };
  /** Whether the last check held flags back; null where none has finished lately. */
  readonly suppressed: boolean | null | { readonly unread: string };
  /** What stops acting, for all and for crawlwatch itself. */
  readonly pauses: Pauses | { readonly unread: string };
  /** Why there are no figures; null where they could be read. */
  readonly figures: string | null;
}

export interface Pauses {
  readonly pause: Pause | null;
  readonly automaticPause: Pause | null;
}

export interface Notice {
  readonly level: 'red' | 'amber';
  readonly text: string;
  readonly command?: string;
  /** The button beside it. */
  readonly button?: 'resume';
}

export function noticesOf(health: WidgetHealth, settings: Settings, now: Date): Notice[] {
  return [
    ...aboutMail(health),
    ...aboutChecks(health, settings),
    ...aboutPauses(health, settings, now),
    ...aboutFigures(health),
  ];
}

function aboutMail({ subscription, topicArn }: WidgetHealth): Notice[] {
  if (typeof subscription === 'object') return [unread('who gets the mail', subscription.unread)];
  if (subscription === 'confirmed') return [];
  const what = subscription === 'pending' ? 'the subscription is not confirmed' : 'the topic has no subscription';
  const nobody = `Nobody gets the alerts: ${what}`;
  if (topicArn === null) return [{ level: 'red', text: `${nobody}.` }];
  const { text, command } = howToSubscribe(topicArn, subscription);
  return [{ level: 'red', text: `${nobody}. To get them, ${text}`, command }];
}

function aboutChecks({ suppressed }: WidgetHealth, { schedule }: Settings): Notice[] {
  if (typeof suppressed === 'object' && suppressed !== null) return [unread('the last check', suppressed.unread)];
  const minutes = Math.max(15, 3 * schedule.everyMinutes);
  if (suppressed === null) {
    const text = `No check has finished for ${minutes} minutes: what is shown below may be out of date. In a new stack the first comes within ${schedule.everyMinutes} min; else read the log of the check function.`;
    return [{ level: 'red', text }];
  }
  if (!suppressed) return [];
  const text =
    'So many instances fail at once that nothing new is flagged: the fault is likelier on the way to them (a security group, a route, a key, SSM) than in each of them.';
  return [{ level: 'amber', text }];
}

function aboutPauses({ pauses }: WidgetHealth, { stack, alerts }: Settings, now: Date): Notice[] {
  if ('unread' in pauses) return [unread('whether acting is paused', pauses.unread)];
  const { pause, automaticPause } = pauses;
  const times = widgetTimes(alerts.timeZone, now);
  const command = stack === DEFAULT_STACK_NAME ? 'crawlwatch resume' : `crawlwatch resume --stack ${shellWord(stack)}`;
  const notice = (level: Notice['level'], what: string, goesOn: string, { who, why, from, until }: Pause): Notice => {
    const when = `at ${times.clock(from)}, ${times.ago(from)}${until === null ? '' : `, until ${times.clock(until)}`}`;
    return { level, text: `${who} paused ${what} ${when}: ${why}. ${goesOn} To end it:`, command, button: 'resume' };
  };
  const own = 'Checks, flags and mails go on, and people may still restart and reboot.';
  const all = 'Checks, flags and mails go on; neither crawlwatch nor people can restart or reboot a host.';
  return [
    ...(automaticPause === null ? [] : [notice('red', 'its own restarts and reboots', own, automaticPause)]),
    ...(pause === null ? [] : [notice('amber', 'all restarts and reboots', all, pause)]),
  ];
}

const aboutFigures = ({ figures }: WidgetHealth): Notice[] =>
  figures === null ? [] : [unread('memory and disk', figures)];

const unread = (what: string, why: string): Notice => ({ level: 'amber', text: `Could not read ${what}: ${why}` });
