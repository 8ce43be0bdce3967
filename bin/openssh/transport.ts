/** Asks hosts through OpenSSH's own client, one process a host: the same script, deadline and reasons as the fast path. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownLimit } from '../../lambda/kit/index.ts';
import type { Instance, OpensshWay, ProbeRun, Reply } from '../../lambda/model/index.ts';
import { commandFor, failure } from '../../lambda/ssh/index.ts';
import { type LoginFlags, sshArguments } from './arguments.ts';
import type { OpensshClient } from './client.ts';
import { readLog } from './log.ts';
import { runSsh } from './process.ts';
import { replyFrom } from './reasons.ts';

export interface OpensshOptions extends LoginFlags {
  /** For a host's name and the TCP connection to it, of its deadline. @default null: all of it */
  readonly connectSeconds?: number | null;
  /** The environment of this process: ssh and a ProxyCommand need its agent, home and credentials. */
  readonly env: NodeJS.ProcessEnv;
}

/** One way through ssh to one host. */
export interface Question {
  readonly instance: Instance;
  readonly way: OpensshWay;
  /** What is left of the host's deadline, in milliseconds. */
  readonly leftMs: number;
}

/** A second attempt needs as much, in milliseconds. */
const WORTH_TRYING_MS = 500;

/** ssh in one run, with a directory for its logs. */
export class OpensshRun {
  #directory: string | null = null;
  #count = 0;
  readonly #gone = new Set<Promise<void>>();

  constructor(
    private readonly options: OpensshOptions,
    private readonly client: OpensshClient,
    private readonly run: ProbeRun,
  ) {}

  /** @returns null where the run was aborted. */
  async ask(question: Question): Promise<Reply | null> {
    const ends = performance.now() + question.leftMs;
    const left = () => Math.ceil(ends - performance.now());
    const first = await this.#attempt(question, left());
    const pauseMs = pauseAfter(first);
    if (pauseMs === null || pauseMs + WORTH_TRYING_MS >= left()) return first;
    await sleep(pauseMs, undefined, { signal: this.run.signal }).catch(() => {}); // Aborted: the next attempt returns null.
    const second = await this.#attempt(question, left());
    // An sshd that refused one attempt in words is alive, even if the other got no answer.
    return isRefusal(first) && second?.kind === 'failed' && second.reason !== 'AuthenticationFailed' ? first : second;
  }

  /** Waits until no process is left, and removes the logs. */
  async close(): Promise<void> {
    await Promise.all(this.#gone);
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = null;
  }

  async #attempt({ instance, way }: Question, leftMs: number): Promise<Reply | null> {
    const { options, run } = this;
    const notAsked = (why: string): Reply => ({
      ...failure('HostUnreachable', `${JSON.stringify(instance.name)} was not asked: ${why}.`),
      reached: false,
    });
    let log: string;
    try {
      log = this.#newLog();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return notAsked(ownLimit(code) ?? `ssh needs a directory for its log, and ${tmpdir()} gives none (${code})`);
    }
    const call = sshArguments({
      ...{ way, log },
      ...(options.knownHosts === undefined ? {} : { knownHosts: options.knownHosts }),
      acceptNewHostKeys: options.acceptNewHostKeys === true,
      client: this.client,
      command: commandFor(instance),
      connectSeconds: Math.ceil(run.hostDeadlineMs / 1000) + 60,
    });
    if (call.kind === 'refused') return notAsked(call.why);
    const connectMs = typeof options.connectSeconds === 'number' ? options.connectSeconds * 1000 : null;
    const { result, gone } = runSsh({
      words: call.words,
      env: environment(options.env),
      stdin: run.script,
      ...{ log, leftMs, connectMs },
      isConnected: (text) => !['start', 'resolve', 'connect'].includes(readLog(text).phase),
      isIn: (text) => readLog(text).phase === 'command',
      signal: run.signal,
    });
    this.#gone.add(gone);
    void gone.then(() => this.#gone.delete(gone));
    const ended = await result;
    rmSync(log, { force: true });
    if (ended.kind === 'aborted') return null;
    if (ended.kind === 'not-started') {
      const { code } = ended.error;
      return notAsked(ownLimit(code) ?? `ssh was not started (${code ?? ended.error.message})`);
    }
    const givenMs = ended.by === 'connecting' && connectMs !== null ? connectMs : run.hostDeadlineMs;
    return replyFrom(ended, { address: instance.address, login: instance.login, way, givenMs });
  }

  /** In a directory that no other user may enter. */
  #newLog(): string {
    this.#directory ??= mkdtempSync(join(tmpdir(), 'crawlwatch-ssh-'));
    return join(this.#directory, String(this.#count++));
  }
}

/** ssh's messages in English; nobody is asked anything. */
function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { SSH_ASKPASS: _program, DISPLAY: _display, ...others } = env;
  return { ...others, LC_ALL: 'C', SSH_ASKPASS_REQUIRE: 'never' };
}

const isRefusal = (reply: Reply | null): boolean => reply?.kind === 'failed' && reply.reason === 'SshThrottled';

/** What an sshd on the way says, or leaves unsaid, where too many connections come at once. */
const TURNED_AWAY =
  /kex_exchange_identification: |ssh_exchange_identification: |Exceeded MaxStartups|Not allowed at this time/;

/** How long to wait before the one second attempt; null where none is made: as on the fast path. */
function pauseAfter(reply: Reply | null): number | null {
  if (reply?.kind !== 'failed') return null;
  switch (reply.reason) {
    case 'SshThrottled':
      return 1000 + 1000 * Math.random();
    case 'ConnectionReset':
    case 'ClosedBeforeBanner':
      return 200 + 200 * Math.random();
    case 'HostUnreachable':
      // Every host behind a bastion opens a connection to it, more at once than its MaxStartups may let in.
      return TURNED_AWAY.test(reply.text) ? 300 + 1200 * Math.random() : null;
    default:
      return null;
  }
}
