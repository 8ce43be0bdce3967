/** Entry of the dashboard's fleet table: reads the fleet, and draws a page of it. It can write nothing. */
import type { Context } from 'aws-lambda';
import { subscriptionState } from './alert/index.ts';
import { discoverIn, type Place, readPlaces } from './discover/index.ts';
import type { S3 } from './kit/index.ts';
import {
  type CloudWatch,
  cloudWatchClient,
  createLog,
  type Ec2,
  ec2Client,
  errorCode,
  errorText,
  type Sns,
  s3Client,
  snsClient,
} from './kit/index.ts';
import { lastSuppression, pastFiguresOf, pastSnapshot } from './memory/index.ts';
import type { Clock, Log } from './model/index.ts';
import { type FunctionEnvironment, fromEnvironment, type Settings } from './settings/index.ts';
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

/** What the console sends: the widget's parameters, those of the action that was clicked, and what it shows them in. */
export interface WidgetEvent {
  readonly describe?: unknown;
  readonly page?: unknown;
  readonly widgetContext?: { readonly theme?: unknown };
}

/** What the table needs of the world. */
export interface WidgetWorld {
  readonly environment: () => FunctionEnvironment;
  readonly region: () => Promise<string>;
  readonly ec2: Ec2;
  readonly cloudWatch: CloudWatch;
  readonly sns: Sns;
  /** Needed where figures come from the snapshot alone. */
  readonly s3?: S3;
  readonly clock: Clock;
  readonly log: Log;
  /** Where instances are watched. @default here alone */
  places?(settings: Settings, region: string): readonly Place[];
}

/** Somebody waits for the table. */
const PATIENCE_MS = 8_000;

// Clients keep their connections for as long as Lambda keeps this process.
const ec2 = ec2Client();
/** Kept for their credentials, which are good for an hour; the settings don't change. */
let places: readonly Place[] | undefined;
const world: WidgetWorld = {
  environment: () => fromEnvironment(process.env),
  region: () => ec2.config.region(),
  ec2,
  cloudWatch: cloudWatchClient(),
  sns: snsClient(),
  s3: s3Client(),
  clock: { now: () => new Date() },
  log: createLog(),
  places: (settings, region) => {
    places ??= readPlaces(settings, { region, ec2 });
    return places;
  },
};

/** @returns HTML, or markdown where the console asks for the docs */
export async function handler(
  event: WidgetEvent | null,
  context?: Pick<Context, 'invokedFunctionArn'>,
): Promise<string> {
  return drawWidget(event, context?.invokedFunctionArn ?? null, world);
}

/** Never rejects: a tile shows nothing of an exception, so a failure is a view as well. */
export async function drawWidget(
  event: WidgetEvent | null,
  widgetArn: string | null,
  world: WidgetWorld,
): Promise<string> {
  if (event?.describe === true) return WIDGET_DOCS;
  const theme: Theme = event?.widgetContext?.theme === 'dark' ? 'dark' : 'light';
  try {
    return await drawFleet(event?.page, theme, widgetArn, world);
  } catch (error) {
    const [name, text] = [errorCode(error), errorText(error)];
    world.log.error('widget.failed', { name, text });
    return failureView({ name, text }, theme);
  }
}

async function drawFleet(page: unknown, theme: Theme, widgetArn: string | null, world: WidgetWorld): Promise<string> {
  const { ec2, cloudWatch, sns, s3, clock, log } = world;
  const { settings, topicArn, remedyFunctionArn, bucket } = world.environment();
  const region = await world.region();
  const now = clock.now();
  const { schedule } = settings;
  const unread: Notice[] = [];
  const places = world.places?.(settings, region) ?? [{ region, ec2, account: null, elsewhere: false }];
  const [described, subscription, suppressed] = await Promise.all([
    discoverIn(places, settings, (text) => unread.push({ level: 'amber', text }), PATIENCE_MS),
    topicArn === null ? ('none' as const) : orUnread(subscriptionState(sns, topicArn), log),
    orUnread(lastSuppression(cloudWatch, now, schedule.everyMinutes), log),
  ]);
  const fleet = pageOf(fleetRows(described, now), page);
  const shown = fleet.rows.filter((row) => row.skipped === null);
  const snapshot = bucket === null || s3 === undefined ? {} : { snapshot: pastSnapshot({ s3, bucket, clock, log }) };
  const figures = await orUnread(pastFiguresOf({ settings, cloudWatch, clock, ...snapshot }).history(shown), log);
  const health = { topicArn, subscription, suppressed, figures: 'unread' in figures ? figures.unread : null };
  const endpoints = { widgetArn, remedyArn: remedyFunctionArn, region };
  const look = { theme, now, settings, endpoints, notices: [...unread, ...noticesOf(health, settings)] };
  if (fleet.total === 0) return emptyView(look);
  const histories = 'unread' in figures ? new Map() : figures;
  const rows = fleet.rows.map((row) => withHistory(row, histories.get(row.id), now, settings));
  return fleetView({ ...fleet, rows }, look);
}

/** The tags alone are worth a table: what else can't be read is said above it. */
async function orUnread<T>(work: Promise<T>, log: Log): Promise<T | { readonly unread: string }> {
  try {
    return await work;
  } catch (error) {
    const unread = errorText(error);
    log.error('widget.incomplete', { text: unread });
    return { unread };
  }
}
