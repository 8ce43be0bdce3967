/** The files of docs/events: schemas from the code's own, and examples that the code makes. */
import * as z from 'zod';
import { ACT_DETAIL_TYPE, INCIDENT_DETAIL_TYPE } from '../../lambda/alert/bounds.ts';
import { messageStructure, SNS_BYTES } from '../../lambda/alert/channels.ts';
import { eventsOf, originOf } from '../../lambda/alert/details.ts';
import { actDetail, alertMessage, incidentDetail } from '../../lambda/alert/schemas.ts';
import type { Alert, IncidentChange } from '../../lambda/model/index.ts';
import { EVENT_SOURCE } from '../../lambda/model/index.ts';
import { AT, acted, acts, alertOf, entry, outcome, TOPIC } from './alerts.ts';

const ORIGIN = originOf(TOPIC, 'CrawlwatchStack');

/** An event as EventBridge delivers it (eb-events-structure.html); what AWS may add to it is allowed. */
const delivered = (detailType: string, detail: z.ZodType) =>
  z.object({
    version: z.literal('0').meta({ description: "Of EventBridge's own format." }),
    id: z.string(),
    'detail-type': z.literal(detailType),
    source: z.literal(EVENT_SOURCE),
    account: z.string(),
    time: z.iso.datetime(),
    region: z.string(),
    resources: z.array(z.string()).max(1).meta({ description: 'The ARN of the instance.' }),
    detail,
  });

const CHANGES = Object.entries(INCIDENT_DETAIL_TYPE) as [IncidentChange, string][];

/** By file name, without its ending. */
export const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(
    CHANGES.map(([change, detailType]) => {
      const { incident } = incidentDetail.shape;
      const detail = incidentDetail.extend({ incident: incident.extend({ change: z.literal(change) }) });
      return [`incident-${change}`, delivered(detailType, detail).meta({ title: detailType })];
    }),
  ),
  act: delivered(ACT_DETAIL_TYPE, actDetail).meta({ title: ACT_DETAIL_TYPE }),
  'alert-message': alertMessage.meta({ title: 'The message of SNS for sqs, lambda and firehose' }),
};

/** As readers should use it: with fields that later versions may add. */
export const jsonSchemaOf = (name: string): object =>
  z.toJSONSchema(SCHEMAS[name] ?? z.never(), { io: 'input', target: 'draft-2020-12' });

function deliveredEvent(alert: Alert): object {
  const [event] = eventsOf(alert, ORIGIN);
  if (event === undefined) throw new Error('that alert has no event');
  const { id, region, account } = event.detail.instance;
  return {
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': event.detailType,
    source: EVENT_SOURCE,
    account: ORIGIN.account,
    time: AT.toISOString().replace('.000Z', 'Z'),
    region: ORIGIN.region,
    resources: [`arn:aws:ec2:${region}:${account}:instance/${id}`],
    detail: event.detail,
  };
}

const hung = entry({
  name: 'ficrawler9',
  reasons: ['BannerTimeout'],
  headline: 'CRIT ficrawler9 SSH silent',
  lines: [
    'CRITICAL since 08:05 UTC (10 min).',
    'BannerTimeout: 10.0.1.9:22 accepted the connection but sent no SSH banner within 15 s.',
  ],
  commands: ['aws ec2 describe-instance-status --instance-ids i-0123456789abcdef0 --region eu-central-1'],
});

/** By file name, without its ending: each of the schema of the same name. */
export function examples(): Readonly<Record<string, object>> {
  const flagged = { ...hung, change: 'flagged', headline: 'FLAGGED ficrawler9 SSH silent' } as const;
  const both = alertOf([flagged, entry({ instanceId: 'i-0fedcba9876543210' })], acts({ acted: [acted()] }));
  const message = JSON.parse(messageStructure(both, ORIGIN, SNS_BYTES)) as Record<string, string>;
  return {
    'incident-opened': deliveredEvent(alertOf([hung])),
    'incident-escalated': deliveredEvent(
      alertOf([entry({ change: 'escalated', reasons: ['MemoryLow', 'DiskLow'], headline: 'CRIT fiweb1 memory 98 %' })]),
    ),
    'incident-flagged': deliveredEvent(alertOf([flagged])),
    'incident-ended': deliveredEvent(
      alertOf([
        entry({
          ...hung,
          change: 'ended',
          status: 'OK',
          reasons: ['BannerTimeout'],
          headline: 'OK ficrawler9 recovered after 35 min',
          lines: ['It was BannerTimeout.'],
          commands: [],
        }),
      ]),
    ),
    act: deliveredEvent(alertOf([], acts({ outcomes: [outcome()] }))),
    'alert-message': JSON.parse(message.sqs ?? ''),
  };
}
