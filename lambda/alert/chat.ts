/**
 * The alert as a custom notification of AWS Chatbot, by its present name Amazon Q Developer in chat applications, which
 * shows it in Slack and Microsoft Teams. It subscribes to the topic by https.
 *
 * From https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html: `version` must be "1.0" and `source`
 * "custom"; `content.textType` knows "client-markdown" only, which passes the text to the chat as its own markdown;
 * `content.description` is required; title, description and next steps may hold markdown and mentions; notifications of
 * one `metadata.threadId` share a thread; `metadata.additionalContext` maps strings to strings, for custom actions. That
 * page gives no lengths. Slack takes 3,000 characters in a block of text
 * (https://docs.slack.dev/reference/block-kit/blocks/section-block), and 256 KiB is SNS's limit: see the bounds below.
 */
import type { Alert } from '../model/index.ts';
import { CHAT } from './bounds.ts';
import { actsOf, incidentNewsOf, type Origin } from './details.ts';
import type { ChatNotification } from './schemas.ts';

/** Of each entry's details. */
const LINES = 4;
/** For the line that says how many more there are. */
const MORE_MAX = 60;

export function chatNotificationOf(alert: Alert, origin: Origin): ChatNotification {
  const entries = alert.entries.map((entry) => incidentNewsOf(entry, origin));
  const [only, ...others] = entries;
  const { status, reasons, instanceIds } = alert.attributes;
  const steps = entries
    .flatMap(({ commands, links }) => [
      // Backquotes would end the code, and Slack takes <...> for a link even there: such a command is in the mail only.
      ...commands.filter((command) => !/[`<>]/.test(command)).map((command) => `Run ${code(command)}`),
      ...links.map(({ label, url }) => `${markless(label)}: ${url}`).filter((step) => !/[`<>|]/.test(step)),
    ])
    .filter((step) => step.length <= CHAT.step)
    .slice(0, CHAT.steps);
  const title = markless(alert.subject).slice(0, CHAT.title) || 'crawlwatch';
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title,
      description: descriptionOf(alert, origin) || title,
      ...(steps.length > 0 && { nextSteps: steps }),
      keywords: ['crawlwatch', status, ...reasons].slice(0, CHAT.keywords),
    },
    metadata: {
      ...(only !== undefined && others.length === 0 && { threadId: only.dedupKey }),
      summary: title,
      eventType: 'crawlwatch-alert',
      relatedResources: instanceIds
        .map((id) => markless(id).slice(0, 64))
        .filter((id) => id !== '')
        .slice(0, CHAT.resources),
      additionalContext: { stack: origin.stack, region: origin.region, account: origin.account, status },
    },
  };
}

/** A line of code for each line; of the mail's text where the alert has neither entries nor acts. */
function descriptionOf(alert: Alert, origin: Origin): string {
  const acts = actsOf(alert, origin).map(({ summary, act }) => [summary, act.why]);
  const incidents = alert.entries.map((entry) => {
    const { summary, details } = incidentNewsOf(entry, origin);
    return [summary, ...details.slice(0, LINES)];
  });
  const all = [...acts, ...incidents];
  const shown = (all.length > 0 ? all : alert.body.split('\n\n').map((block) => block.split('\n').slice(0, 1 + LINES)))
    .map((lines) => lines.map(code).filter((line) => line !== ''))
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'));
  let left = CHAT.description - MORE_MAX;
  const end = shown.findIndex((block) => {
    left -= block.length + 2;
    return left < 0;
  });
  const kept = end === -1 ? shown : shown.slice(0, end);
  const more = shown.length - kept.length;
  return [...kept, ...(more > 0 ? [`... and ${more} more in the mail.`] : [])].join('\n\n');
}

/**
 * In a span of code neither chat knows emphasis, mentions or addresses: only what ends the span, or Slack's `<...>`, has to
 * go.
 */
function code(text: string): string {
  const inert = text
    .replace(/`/g, "'")
    .replace(/</g, '\u2039')
    .replace(/>/g, '\u203a')
    .replace(/[^\x20-\x7e\u2039\u203a]/gu, '?')
    .trim();
  return inert === '' ? '' : `\`${inert}\``;
}

const LOOKS_LIKE: Readonly<Record<string, string>> = {
  '*': '\u2217',
  _: '\u02cd',
  '~': '\u223c',
  '`': "'",
  '<': '\u2039',
  '>': '\u203a',
  '[': '(',
  ']': ')',
  '|': '/',
  '@': '(at)',
  '#': 'no.',
  '!': '.',
  '\\': '/',
};

/** Words without markup, mentions and addresses, for where code looks odd. */
const markless = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]/gu, '?')
    .replace(/[*_~`<>[\]|@#!\\]/g, (mark) => LOOKS_LIKE[mark] ?? '')
    .replace(/:\/\//g, ': //')
    .replace(/www\./gi, 'www ')
    .trim();
