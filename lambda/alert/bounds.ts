/** Names and bounds of what other programs get. Beside the schemas, which no function needs at run time. */

export const SCHEMA_VERSION = 1;

/** Characters at most, and items of a list. Together they keep an event under 16 KiB; EventBridge takes 256. */
export const BOUNDS = {
  name: 100,
  summary: 200,
  detail: 300,
  details: 12,
  command: 500,
  commands: 4,
  label: 60,
  url: 500,
  links: 4,
  reasons: 10,
  why: 400,
} as const;

export const INCIDENT_DETAIL_TYPE = {
  opened: 'Crawlwatch Incident Opened',
  escalated: 'Crawlwatch Incident Escalated',
  flagged: 'Crawlwatch Incident Flagged',
  ended: 'Crawlwatch Incident Ended',
} as const;
export const ACT_DETAIL_TYPE = 'Crawlwatch Act';

/** Of a notification for AWS Chatbot, which documents no lengths: chat.ts says whose limits these keep. */
export const CHAT = { title: 150, description: 2_800, step: 600, steps: 5, keywords: 10, resources: 10 } as const;
