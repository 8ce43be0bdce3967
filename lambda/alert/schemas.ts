/**
 * What other programs get of an alert: the EventBridge events and the JSON message of SNS. From these schemas the files
 * of docs/events are made. Within a version fields are only added, so a reader must ignore those that it doesn't know.
 *
 * Every string is printable ASCII of bounded length, whatever a host has sent; those that a rule's input transformer puts
 * between quotes hold neither a double quote nor a backslash.
 */
import * as z from 'zod';
import { EVENT_SOURCE, REASON_CLASS, REMEDIES, type ReasonCode } from '../model/index.ts';
import { BOUNDS, CHAT, SCHEMA_VERSION } from './bounds.ts';

const text = (max: number, description: string) =>
  z
    .string()
    .max(max)
    .regex(/^[ -~]*$/)
    .meta({ description });
/** Of those that a rule's input transformer puts between quotes, so that its template stays JSON. */
const word = (max: number, description: string) =>
  z
    .string()
    .max(max)
    .regex(/^[ !#-[\]-~]*$/)
    .meta({ description });
const instant = (description: string) => z.iso.datetime().meta({ description });
const status = z.enum(['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']);
const reasonCode = z.enum(Object.keys(REASON_CLASS) as [ReasonCode, ...ReasonCode[]]);

const head = {
  version: z.literal(SCHEMA_VERSION).meta({ description: 'Of this format. Within a version fields are only added.' }),
  stack: word(128, 'The stack of crawlwatch that says this.'),
  region: word(40, 'Of the stack.'),
  account: word(12, 'Of the stack.'),
};

const news = {
  severity: z
    .enum(['critical', 'error', 'warning', 'info'])
    .meta({ description: 'In the words of the Events API of PagerDuty; `error` is not used.' }),
  summary: word(BOUNDS.summary, 'One line: status, name, reason.'),
  instance: z.object({
    id: word(64, 'Of EC2.'),
    name: word(BOUNDS.name, 'Its Name tag; the id where there is none.'),
    region: word(40, 'Where the instance is.'),
    account: word(12, 'Whose the instance is.'),
  }),
  details: z
    .array(text(BOUNDS.detail, 'One line.'))
    .max(BOUNDS.details)
    .meta({ description: 'Since when, the numbers, the evidence. The last line says how many were left out.' }),
  links: z
    .array(z.object({ label: text(BOUNDS.label, 'What it shows.'), url: text(BOUNDS.url, 'Absolute, https.') }))
    .max(BOUNDS.links),
  commands: z
    .array(text(BOUNDS.command, 'A whole command of a shell.'))
    .max(BOUNDS.commands)
    .meta({ description: 'What to run, the one that needs nothing installed first. Empty: nothing is to be done.' }),
};

const incidentNews = z.object({
  dedupKey: word(255, 'The same for one incident from its opening to its end, and for no other incident.'),
  ...news,
  incident: z.object({
    openedAt: instant('When the incident opened, to the second.').nullable(),
    change: z
      .enum(['opened', 'escalated', 'flagged', 'ended'])
      .nullable()
      .meta({ description: 'Null: nothing changed, as in a reminder. Events are sent of changes only.' }),
    status,
    reasons: z
      .array(z.object({ code: reasonCode, text: text(200, 'What the code means.') }))
      .max(BOUNDS.reasons)
      .meta({ description: 'Worst first.' }),
  }),
});

const actNews = z.object({
  dedupKey: word(255, 'The same for one act from when it is made to its outcome.'),
  ...news,
  act: z.object({
    remedy: z.enum(REMEDIES).nullable().meta({ description: 'Null: crawlwatch has done what it may.' }),
    state: z.enum(['made', 'worked', 'failed', 'held']).meta({
      description:
        'made: its outcome is not known yet. worked: it was seen to help. failed: refused, or no help in time. held: crawlwatch does no more, and a person has to.',
    }),
    executed: z.boolean().nullable().meta({ description: 'Null: AWS or the host did not answer, so nobody knows.' }),
    at: instant('When it was made.').nullable(),
    requester: word(100, '`schedule`, or the name of the person who asked.').nullable(),
    why: word(BOUNDS.why, 'Why it was made or held, or how its outcome is known.'),
  }),
});

/** The `detail` of `Crawlwatch Incident ...`. */
export const incidentDetail = z.object({ ...head, ...incidentNews.shape });
/** The `detail` of `Crawlwatch Act`. */
export const actDetail = z.object({ ...head, ...actNews.shape });

/** What SNS delivers to queues and functions. */
export const alertMessage = z.object({
  ...head,
  source: z.literal(EVENT_SOURCE),
  subject: text(99, 'Of the mail.'),
  status: status.meta({ description: 'The worst of the entries.' }),
  entries: z.array(incidentNews).meta({ description: 'One for each instance, worst first.' }),
  acts: z.array(actNews),
  omitted: z
    .object({ entries: z.int().min(0), acts: z.int().min(0) })
    .meta({ description: 'How many did not fit into the message; the mail has them.' }),
});

export type IncidentNews = z.infer<typeof incidentNews>;
export type ActNewsDetail = z.infer<typeof actNews>;
export type IncidentDetail = z.infer<typeof incidentDetail>;
export type ActDetail = z.infer<typeof actDetail>;
export type AlertMessage = z.infer<typeof alertMessage>;

/** Chatbot's rules, with our bounds where it has none. */
export const chatNotification = z.strictObject({
  version: z.literal('1.0'),
  source: z.literal('custom'),
  content: z.strictObject({
    textType: z.literal('client-markdown'),
    title: z.string().min(1).max(CHAT.title),
    description: z.string().min(1).max(CHAT.description),
    nextSteps: z.array(z.string().min(1).max(CHAT.step)).min(1).max(CHAT.steps).optional(),
    keywords: z.array(z.string().min(1).max(60)).min(1).max(CHAT.keywords),
  }),
  metadata: z.strictObject({
    threadId: z.string().min(1).max(255).optional(),
    summary: z.string().min(1).max(CHAT.title),
    eventType: z.literal('crawlwatch-alert'),
    relatedResources: z.array(z.string().min(1).max(64)).max(CHAT.resources),
    additionalContext: z.record(z.string().min(1), z.string()),
  }),
});
export type ChatNotification = z.infer<typeof chatNotification>;
