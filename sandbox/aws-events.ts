/** The sandbox's EventBridge: the default bus, and what was put on it. */
import { EventBridgeClient, EventBridgeServiceException, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { type Service, serviceFor } from './aws-service.ts';

export interface BusEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources: readonly string[];
}

export interface SandboxBus {
  readonly events: BusEvent[];
  /** The codes with which the next entries are refused, one each; null: that one is taken. */
  readonly refusals: (string | null)[];
}

/** API_PutEvents.html: entries a request, and their size together. */
const ENTRIES_MAX = 10;
const REQUEST_BYTES = 256 * 1024;

export function sandboxEvents(bus: SandboxBus): Service & EventBridgeClient {
  const service = serviceFor(EventBridgeClient, EventBridgeServiceException);
  service.on(PutEventsCommand, ({ Entries = [] }) => {
    if (Entries.length < 1 || Entries.length > ENTRIES_MAX) {
      throw service.error('ValidationException', `${Entries.length} entries; 1 to ${ENTRIES_MAX} are allowed`);
    }
    const bytes = Entries.reduce(
      (sum, { Source = '', DetailType = '', Detail = '', Resources = [] }) =>
        sum + Buffer.byteLength([Source, DetailType, Detail, ...Resources].join('')),
      0,
    );
    if (bytes >= REQUEST_BYTES)
      throw service.error('ValidationException', 'Total size of the entries is over the limit');
    const answers = Entries.map(({ Source = '', DetailType = '', Detail = '', Resources = [], EventBusName }, n) => {
      const refusal = bus.refusals.shift() ?? null;
      if (refusal !== null) return { ErrorCode: refusal, ErrorMessage: 'as ordered' };
      if (EventBusName !== undefined && EventBusName !== 'default') return { ErrorCode: 'ResourceNotFoundException' };
      if (Source === '' || DetailType === '' || Source.startsWith('aws.')) return { ErrorCode: 'InvalidArgument' };
      const detail = objectIn(Detail);
      if (detail === null) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
      bus.events.push({ source: Source, detailType: DetailType, detail, resources: Resources });
      return { EventId: `event-${bus.events.length}-${n}` };
    });
    return { Entries: answers, FailedEntryCount: answers.filter((one) => 'ErrorCode' in one).length };
  });
  return service;
}

function objectIn(json: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(json);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : null;
  } catch {
    return null;
  }
}
