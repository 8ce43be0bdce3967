/** Entry of the dashboard's fleet table: reads the fleet, and draws a page of it. It can write nothing. */
import type { Context } from 'aws-lambda';
import { subscriptionState } from './alert/index.ts';
import { discoverIn, type Place, readPlaces } from './discover/index.ts';
import type { S3 } from './kit/index.ts';
import {
  createLog,
  type DynamoDb,
  dynamoDbClient,
  type Ec2,
  ec2Client,
  errorCode,
  errorText,
  packedReader,
  type Sns,
  s3Client,
  snsClient,
} from './kit/index.ts';
import { fromTags, loadState, NOTHING_KNOWN, pastSamples, withState } from './memory/index.ts';
import { type Clock, EMPTY_STATE, type Log } from './model/index.ts';
import { pausesOnRecord } from './remedy/index.ts';
import { actsByItself, type FunctionEnvironment, fromEnvironment, type Settings } from './settings/index.ts';
import type { Theme } from './widget/index.ts';
import {
  emptyView,
  failureView,
  fleetRows,
  fleetView,
  type Notice,
  noticesOf,
  pageOf,
  WIDGET_DOCS,
  withHistory,
} from './widget/index.ts';

/** What the console sends: the widget's parameters, or those of the clicked action, and the theme. */
export interface WidgetEvent {
  readonly describe?: unknown;
  readonly page?: unknown;
  readonly widgetContext?: { readonly theme?: unknown };
}

/** The clients and ports that the table is drawn with. */
export interface WidgetPorts {
  readonly environment: () => FunctionEnvironment;
  readonly region: () => Promise<string>;
  readonly ec2: Ec2;
  readonly sns: Sns;
  readonly s3: S3;
  readonly dynamoDb: DynamoDb;
  readonly clock: Clock;
  readonly log: Log;
  /** Where instances are watched. @default the function's own Region and account */
  places?(settings: Settings, region: string): readonly Place[];
}

const NO_PAUSES = { pause: null, automaticPause: null };
const NO_STATE = { state: EMPTY_STATE };
/** How long to wait for a Region or account: a person waits for the table. */
const PATIENCE_MS = 8_000;

// Clients keep their connections for as long as Lambda keeps this process.
const ec2 = ec2Client();
/** Kept for their credentials, which last an hour; the settings don't change. */
let places: readonly Place[] | undefined;
const ports: WidgetPorts = {
  environment: () => fromEnvironment(process.env),
  region: () => ec2.config.region(),
  ec2,
  sns: snsClient(),
  s3: s3Client(),
  dynamoDb: dynamoDbClient(),
  clock: { now: () => new Date() },
  log: createLog(),
  places: (settings, region) => {
    places ??= readPlaces(settings, { region, ec2 });
    return places;
  },
};

/** @returns HTML, or markdown where the console requests the docs */
export async function handler(
  event: WidgetEvent | null,
  context?: Pick<Context, 'invokedFunctionArn'>,
): Promise<string> {
  return drawWidget(event, context?.invokedFunctionArn ?? null, ports);
}

/** Never rejects: a tile shows nothing of an exception, so an error gets a view of its own. */
export async function drawWidget(
  event: WidgetEvent | null,
  widgetArn: string | null,
  ports: WidgetPorts,
): Promise<string> {
  if (event?.describe === true) return WIDGET_DOCS;
  const theme: Theme = event?.widgetContext?.theme === 'dark' ? 'dark' : 'light';
  try {
    return await drawFleet(event?.page, theme, widgetArn, ports);
  } catch (error) {
    const [name, text] = [errorCode(error), errorText(error)];
    ports.log.error('widget.failed', { name, text });
    return failureView({ name, text }, theme);
  }
}

async function drawFleet(page: unknown, theme: Theme, widgetArn: string | null, ports: WidgetPorts): Promise<string> {
  const { ec2, sns, s3, dynamoDb, clock, log } = ports;
  const { settings, topicArn, remedyFunctionArn, leaseTable, bucket } = ports.environment();
  const region = await ports.region();
  const now = clock.now();
  const unread: Notice[] = [];
  const places = ports.places?.(settings, region) ?? [{ region, ec2, account: null, elsewhere: false }];
  const [found, subscription, loaded, pauses] = await Promise.all([
    discoverIn(places, settings, (text) => unread.push({ level: 'amber', text }), PATIENCE_MS),
    topicArn === null ? ('none' as const) : orUnread(subscriptionState(sns, topicArn), log),
    bucket === null ? NO_STATE : orUnread(loadState(packedReader(s3, bucket)), log),
    leaseTable === null ? NO_PAUSES : orUnread(pausesOnRecord(dynamoDb, leaseTable, now), log),
  ]);
  const isRead = !('unread' in loaded);
  const known = found.map((one) => (isRead ? withState(one, loaded.state) : fromTags(one)));
  const fleet = pageOf(fleetRows(known, now, settings.alerts.timeZone), page);
  const shown = fleet.rows.filter((row) => row.skipped === null);
  const past = bucket === null ? NOTHING_KNOWN : pastSamples({ s3, bucket, clock, log });
  const figures = await orUnread(past.history(shown), log);
  const suppressed = isRead ? loaded.state.breaker.suppressed : loaded;
  const shownPauses = 'unread' in pauses || actsByItself(settings) ? pauses : { ...pauses, automaticPause: null };
  const health = {
    topicArn,
    subscription,
    suppressed,
    pauses: shownPauses,
    figures: 'unread' in figures ? figures.unread : null,
  };
  const endpoints = { widgetArn, remedyArn: remedyFunctionArn, region };
  const notices = [...unread, ...noticesOf(health, settings, now)];
  const isPaused = 'unread' in pauses ? null : pauses.pause !== null;
  const look = { theme, now, settings, endpoints, notices, isPaused };
  if (fleet.total === 0) return emptyView(look);
  const histories = 'unread' in figures ? new Map() : figures;
  const rows = fleet.rows.map((row) => withHistory(row, histories.get(row.id), now, settings));
  return fleetView({ ...fleet, rows }, look);
}

/** The tags alone make a table: a notice above it names what else can't be read. */
async function orUnread<T>(work: Promise<T>, log: Log): Promise<T | { readonly unread: string }> {
  try {
    return await work;
  } catch (error) {
    const unread = errorText(error);
    log.error('widget.incomplete', { text: unread });
    return { unread };
  }
}
