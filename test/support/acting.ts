/** A deployed stack as the commands reach it: the sandbox's EC2, its outputs, and a function that answers. */
import { tmpdir } from 'node:os';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CloudFormationServiceException, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaServiceException } from '@aws-sdk/client-lambda';
import type { StackPorts } from '../../bin/stack/client.ts';
import { explainRefusal } from '../../bin/stack/requester.ts';
import { EXIT_UNKNOWN, errorLines } from '../../bin/terminal/errors.ts';
import type { CommandIo } from '../../bin/terminal/io.ts';
import type { S3 } from '../../lambda/kit/index.ts';
import { decodeState, encodeState } from '../../lambda/memory/schema.ts';
import {
  EMPTY_STATE,
  type FleetState,
  type InstanceState,
  NOTHING_REMEMBERED,
  STATE_KEY,
  TAG,
} from '../../lambda/model/index.ts';
import { type NewInstance, SandboxAws } from '../../sandbox/aws.ts';
import { Service } from '../../sandbox/aws-service.ts';
import { NOW } from './fleet.ts';
import { NOTE, rememberedBy } from './remembered.ts';

export const FUNCTION = 'CrawlwatchStack-Remedy';
export const [ID1, ID2, ID3] = ['i-00000000000000001', 'i-00000000000000002', 'i-00000000000000003'] as const;

/** What the command line sends, and what the function's JSON says. */
export type Asked = Readonly<Record<string, unknown>>;
type Answering = (request: Asked) => object | Promise<object>;

export class ActingStack {
  now = new Date(NOW);
  readonly aws = new SandboxAws({ now: () => this.now });
  readonly cloudFormation = new Service(CloudFormationServiceException);
  readonly lambda = new Service(LambdaServiceException);
  /** Every request the function got, in order. */
  readonly asked: Asked[] = [];
  deployed = true;
  /** What happens whenever the command line waits. */
  whileWaiting: (waits: number) => void = () => {};
  #waits = 0;
  #writes = 0;
  readonly #notes = new Map<string, Readonly<Record<string, string>>>();

  constructor(private answering: Answering = () => ({ done: false, instanceId: null, why: 'nothing was expected' })) {
    this.cloudFormation.on(DescribeStacksCommand, ({ StackName = '' }) => {
      if (!this.deployed)
        throw this.cloudFormation.error('ValidationError', `Stack with id ${StackName} does not exist`);
      const Outputs = [
        { OutputKey: 'RemedyFunctionName', OutputValue: FUNCTION },
        {
          OutputKey: 'RemedyFunctionArn',
          OutputValue: `arn:aws:lambda:eu-central-1:123456789012:function:${FUNCTION}`,
        },
        { OutputKey: 'StateBucketName', OutputValue: this.aws.bucket.name },
      ];
      return { Stacks: [{ StackName, Outputs, CreationTime: NOW, StackStatus: 'CREATE_COMPLETE' as const }] };
    });
    this.lambda.on(InvokeCommand, async ({ FunctionName, Payload }) => {
      if (FunctionName !== FUNCTION) throw this.lambda.error('ResourceNotFoundException', `no ${FunctionName}`);
      const request = JSON.parse(Buffer.from(Payload as Uint8Array).toString()) as Asked;
      this.asked.push(request);
      try {
        return { StatusCode: 200, Payload: encoded(await this.answering(request)) };
      } catch (error) {
        const { name, message } = error as Error;
        return {
          StatusCode: 200,
          FunctionError: 'Unhandled',
          Payload: encoded({ errorType: name, errorMessage: message }),
        };
      }
    });
  }

  answers(answering: Answering): this {
    this.answering = answering;
    return this;
  }

  watch(id: string, name: string, tags: Readonly<Record<string, string>> = {}, more: NewInstance = {}): this {
    this.aws.launch(id, { ...more, tags: { Name: name, crawlwatch: 'true' } });
    return this.note(id, tags);
  }

  /** As a check leaves it behind: its tags, and what is remembered, in the short notation. */
  note(id: string, tags: Readonly<Record<string, string>>): this {
    const isNote = (key: string) => Object.values<string>(NOTE).includes(key);
    for (const [key, value] of Object.entries(tags)) if (!isNote(key)) this.aws.instances.get(id)?.tags.set(key, value);
    const notes = {
      ...this.#notes.get(id),
      ...Object.fromEntries(Object.entries(tags).filter(([key]) => isNote(key))),
    };
    this.#notes.set(id, notes);
    return this.remember(id, rememberedBy({ ...this.tags(id), ...notes }));
  }

  /** What the checks remember, in the stack's bucket. */
  get state(): FleetState {
    const packed = this.aws.bucket.objects.get(STATE_KEY)?.bytes;
    const read = packed === undefined ? null : decodeState(gunzipSync(packed).toString());
    return read?.kind === 'state' ? read.state : EMPTY_STATE;
  }

  remember(id: string, over: Partial<InstanceState>): this {
    const known = this.state.instances.get(id) ?? NOTHING_REMEMBERED;
    const instances = new Map(this.state.instances).set(id, { ...known, ...over });
    const bytes = gzipSync(encodeState({ ...this.state, at: this.now, instances }));
    this.#writes += 1;
    this.aws.bucket.objects.set(STATE_KEY, { bytes, etag: `"test ${this.#writes}"` });
    return this;
  }

  /** Flagged so many minutes ago, with a boot id from before. */
  flag(id: string, name: string, minutes = 40, tags: Readonly<Record<string, string>> = {}): this {
    const at = new Date(NOW.getTime() - minutes * 60_000).toISOString().replace('.000Z', 'Z');
    const hung = { [TAG.status]: 'CRITICAL:BannerTimeout', [NOTE.since]: at, [NOTE.seen]: '1a2b3c4d/0' };
    return this.watch(id, name, { ...hung, [TAG.flag]: `BannerTimeout@${at}`, ...tags });
  }

  tags(id: string): Readonly<Record<string, string>> {
    return Object.fromEntries(this.aws.instances.get(id)?.tags ?? []);
  }

  get ports(): StackPorts {
    return {
      ec2: this.aws.ec2,
      cloudFormation: this.cloudFormation,
      s3: this.aws.s3 as Service & S3,
      lambda: () => this.lambda,
      region: async () => this.aws.region,
      now: () => this.now,
      sleep: async (ms) => {
        this.now = new Date(this.now.getTime() + ms);
        this.whileWaiting(++this.#waits);
      },
    };
  }
}

const encoded = (value: object) => Object.assign(Buffer.from(JSON.stringify(value)), { transformToString: String });

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as the command line does, with its errors on stderr. */
export async function runCommand(
  run: (io: CommandIo) => Promise<number>,
  given: { readonly stdin?: readonly string[]; readonly isTTY?: boolean; readonly signal?: AbortSignal } = {},
): Promise<CommandResult> {
  let [stdout, stderr] = ['', ''];
  const terminal = given.isTTY === true ? { isTTY: true, columns: 100 } : {};
  const typed = (async function* () {
    yield* given.stdin ?? [];
  })();
  const io: CommandIo = {
    stdin: Object.assign(typed, given.isTTY === true && { isTTY: true }),
    stdout: { write: (text) => (stdout += text), ...terminal },
    stderr: { write: (text) => (stderr += text), ...terminal },
    env: {},
    cwd: tmpdir(),
    signal: given.signal ?? new AbortController().signal,
  };
  const exitCode = await run(io).catch((error: unknown) => {
    stderr += `${errorLines(explainRefusal(error, 'reboot')).join('\n')}\n`;
    return EXIT_UNKNOWN;
  });
  return { exitCode, stdout, stderr };
}
