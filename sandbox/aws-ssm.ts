/** The sandbox's SSM Run Command: nodes that run a function where real ones run a document. */
import {
  CancelCommandCommand,
  type CommandInvocation,
  type CommandInvocationStatus,
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
  SSMServiceException,
} from '@aws-sdk/client-ssm';
import { UNITS_PATTERN } from '../lambda/model/index.ts';
import { type Service, serviceFor } from './aws-service.ts';

/** How a command ends on a node: its standard output, or the status that SSM gives it. */
export type NodeResult =
  | string
  | {
      /** SSM's StatusDetails; `Pending` and `InProgress` never end. */
      readonly status: string;
      /** The plugin's output, both streams joined as the agent joins them. */
      readonly output?: string;
      /** Whether the agent took the command. @default true, but for `Pending` and `DeliveryTimedOut` */
      readonly started?: boolean;
    };

export interface SandboxNode {
  ping: 'Online' | 'ConnectionLost';
  lastPingAt: Date;
  /** Runs the document with the words of its parameter `Units`. The invocation is pending until the promise settles. */
  run(id: string, units: readonly string[]): Promise<NodeResult>;
}

/** API_SendCommand.html. */
const SEND_LIMITS = { ids: 50, timeoutSeconds: 30, comment: 100 };
const PAGE_MAX = 50;
/** API_CommandPlugin.html. */
const OUTPUT_MAX = 2_500;
const TRUNCATED = '\n---Output truncated---';
const UNITS = new RegExp(UNITS_PATTERN);

interface Sent {
  readonly id: string;
  readonly started: boolean;
  readonly result: Exclude<NodeResult, string> | null;
}

export function sandboxSsm(
  nodes: ReadonlyMap<string, SandboxNode>,
  world: {
    now(): Date;
    readonly pageSize: number;
    readonly documentName: string;
    readonly denied: ReadonlySet<string>;
  },
): Service & SSMClient {
  const service = serviceFor(SSMClient, SSMServiceException);
  const commands = new Map<string, Map<string, Sent>>();
  const check = (good: boolean, code: string, message: string): void => {
    if (!good) throw service.error(code, message);
  };
  const pageOf = <T>(all: readonly T[], max: number | undefined, token: string | undefined) => {
    check(max === undefined || max <= PAGE_MAX, 'ValidationException', `MaxResults ${max} is above ${PAGE_MAX}`);
    return service.page(all, token, Math.min(world.pageSize, max ?? PAGE_MAX));
  };

  service.on(DescribeInstanceInformationCommand, ({ Filters = [], MaxResults, NextToken }) => {
    check(MaxResults === undefined || MaxResults >= 5, 'ValidationException', 'MaxResults is below 5');
    const wanted = Filters.find((filter) => filter.Key === 'InstanceIds')?.Values;
    check((wanted?.length ?? 0) <= 100, 'InvalidInstanceInformationFilterValue', 'More than 100 values in one filter');
    const all = [...nodes].filter(([id]) => wanted === undefined || wanted.includes(id));
    const { items, next } = pageOf(all, MaxResults, NextToken);
    return {
      InstanceInformationList: items.map(([InstanceId, node]) => ({
        InstanceId,
        PingStatus: node.ping,
        LastPingDateTime: node.lastPingAt,
        PlatformType: 'Linux',
      })),
      NextToken: next,
    };
  });

  service.on(SendCommandCommand, (input) => {
    const ids = input.InstanceIds ?? [];
    check(input.DocumentName === world.documentName, 'InvalidDocument', `There is no document ${input.DocumentName}`);
    check(ids.length > 0 && ids.length <= SEND_LIMITS.ids, 'ValidationException', `${ids.length} InstanceIds`);
    check(new Set(ids).size === ids.length, 'DuplicateInstanceId', 'An instance is named twice');
    check(
      (input.TimeoutSeconds ?? 3600) >= SEND_LIMITS.timeoutSeconds,
      'ValidationException',
      'TimeoutSeconds below 30',
    );
    check((input.Comment ?? '').length <= SEND_LIMITS.comment, 'ValidationException', 'Comment above 100 characters');
    const { Units = [''], ...others } = input.Parameters ?? {};
    check(
      Object.keys(others).length === 0 && Units.length === 1 && UNITS.test(Units[0] ?? ''),
      'InvalidParameters',
      `Parameters ${JSON.stringify(input.Parameters)} are not what the document takes`,
    );
    service.authorize('AccessDeniedException', 'ssm:SendCommand', ids, world.denied);
    const strangers = ids.filter((id) => !nodes.has(id));
    check(strangers.length === 0, 'InvalidInstanceId', `Instances not in a valid state for account`);

    const commandId = `00000000-0000-4000-8000-${String(commands.size + 1).padStart(12, '0')}`;
    const invocations = new Map<string, Sent>();
    commands.set(commandId, invocations);
    for (const id of ids) {
      const node = nodes.get(id);
      if (node === undefined || node.ping !== 'Online') {
        invocations.set(id, ended(id, { status: 'Pending' }));
        continue;
      }
      invocations.set(id, { id, started: true, result: null });
      const end = (result: NodeResult) => {
        if (invocations.get(id)?.result === null) invocations.set(id, ended(id, result));
      };
      node
        .run(id, (Units[0] ?? '').split(' ').filter(Boolean))
        .then(end, (error) => end({ status: 'Failed', output: `\n----------ERROR-------\n${error}` }));
    }
    return { Command: { CommandId: commandId, InstanceIds: ids } };
  });

  service.on(ListCommandInvocationsCommand, ({ CommandId = '', Details = false, MaxResults, NextToken }) => {
    check(commands.has(CommandId), 'InvalidCommandId', `There is no command ${CommandId}`);
    const { items, next } = pageOf([...(commands.get(CommandId)?.values() ?? [])], MaxResults, NextToken);
    return { CommandInvocations: items.map((sent) => listed(CommandId, sent, Details, world.now())), NextToken: next };
  });

  service.on(CancelCommandCommand, ({ CommandId = '', InstanceIds }) => {
    const invocations = commands.get(CommandId);
    if (invocations === undefined) throw service.error('InvalidCommandId', `There is no command ${CommandId}`);
    check((InstanceIds?.length ?? 0) <= SEND_LIMITS.ids, 'ValidationException', 'More than 50 InstanceIds');
    for (const [id, sent] of invocations) {
      const open = sent.result === null || isOpen(sent.result.status);
      if (open && (InstanceIds ?? [id]).includes(id)) invocations.set(id, { ...sent, result: { status: 'Cancelled' } });
    }
    return {};
  });
  return service;
}

const isOpen = (status: string): boolean => /^(Pending|InProgress|Delayed)$/.test(status);

function ended(id: string, result: NodeResult): Sent {
  const full = typeof result === 'string' ? { status: 'Success', output: result } : result;
  return {
    id,
    started: full.started ?? !/^(Pending|DeliveryTimedOut|Delivery Timed Out)$/.test(full.status),
    result: full,
  };
}

function listed(commandId: string, { id, started, result }: Sent, details: boolean, now: Date): CommandInvocation {
  const output = result?.output ?? '';
  const StatusDetails = result?.status ?? 'InProgress';
  return {
    CommandId: commandId,
    InstanceId: id,
    Status: overall(StatusDetails),
    StatusDetails,
    ...(details && {
      CommandPlugins: [
        {
          Name: 'aws:runShellScript',
          StatusDetails,
          Output: output.length > OUTPUT_MAX ? output.slice(0, OUTPUT_MAX - TRUNCATED.length) + TRUNCATED : output,
          ...(started && { ResponseStartDateTime: now }),
        },
      ],
    }),
  };
}

/** Maps StatusDetails, which names the cause, to Status, which has only these values. */
function overall(details: string): CommandInvocationStatus {
  switch (details) {
    case 'Pending':
    case 'InProgress':
    case 'Delayed':
    case 'Success':
    case 'Cancelled':
    case 'Cancelling':
      return details;
    default:
      return /TimedOut|Timed Out/.test(details) ? 'TimedOut' : 'Failed';
  }
}
