/** The keys of an ssh-agent as ssh2 asks for them, which also says whether the agent is still awaited, and can be released. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  BaseAgent,
  createAgent,
  type IdentityCallback,
  type ParsedKey,
  type PublicKeyEntry,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import { typeOf } from './key-files.ts';

/** Which of an agent's keys are offered, and which first. */
export interface AgentChoice {
  /** Public keys of the identity files: those of them that the agent holds come first. */
  readonly named: readonly Buffer[];
  /** No others are offered. */
  readonly only: boolean;
}

/** An ssh-agent for one login. */
export class LoginAgent extends BaseAgent {
  readonly #agent: BaseAgent;
  readonly #streams = new Set<Duplex>();
  #released = false;
  #held: readonly Buffer[] = [];
  /** How many of its keys are offered; 0 until it has listed them. */
  offered = 0;

  /** @param socketPath as in `SSH_AUTH_SOCK`. */
  constructor(
    socketPath: string,
    private readonly choice: AgentChoice = { named: [], only: false },
  ) {
    super();
    this.#agent = createAgent(socketPath);
    const open = this.#agent.getStream?.bind(this.#agent);
    this.#agent.getStream = (callback) =>
      open?.((error, stream) => {
        if (stream) {
          this.#streams.add(stream);
          stream.once('close', () => this.#streams.delete(stream));
        }
        callback(error, stream);
      });
  }

  /** Whether the agent has not answered yet: a delay of the login is then not the host's. */
  get isPending(): boolean {
    return this.#streams.size > 0;
  }

  /** Whether it has listed this key. */
  holds(blob: Buffer): boolean {
    return this.#held.some((held) => held.equals(blob));
  }

  /** Closes what is open to the agent, since one that never answers would keep this process alive. Nothing is called back. */
  release(): void {
    this.#released = true;
    for (const stream of this.#streams) stream.destroy();
  }

  /** In ssh's order: the keys that the identity files name, then the others. */
  override getIdentities(done: IdentityCallback): void {
    this.#agent.getIdentities((error, keys) => {
      if (this.#released) return;
      if (error || keys === undefined) return done(error, keys);
      const { named, only } = this.choice;
      const listed = keys.map((key) => ({ key, blob: blobOf(key) }));
      this.#held = listed.map(({ blob }) => blob);
      const isNamed = ({ blob }: { readonly blob: Buffer }) => named.some((one) => one.equals(blob));
      const chosen = [...listed.filter(isNamed), ...(only ? [] : listed.filter((each) => !isNamed(each)))];
      this.offered = chosen.length;
      done(
        null,
        chosen.map(({ key }) => key),
      );
    });
  }

  override sign(key: never, data: Buffer, options: SigningRequestOptions | SignCallback, done?: SignCallback): void {
    if (typeof options === 'function') {
      this.sign(key, data, {}, options);
    } else if (options.hash === 'sha1') {
      done?.(new Error('the host takes RSA keys with SHA-1 only, which is refused here'));
    } else {
      this.#agent.sign(key, data, options, (error, signature) => {
        if (!this.#released) done?.(error, signature);
      });
    }
  }
}

/** ssh2's own agent lists parsed keys. */
const blobOf = (key: ParsedKey | PublicKeyEntry | Buffer | string): Buffer =>
  typeof key === 'object' && 'getPublicSSH' in key ? key.getPublicSSH() : Buffer.alloc(0);

const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11]);
const IDENTITIES_ANSWER = 12;
const ANSWER_MAX = 256 * 1024;

/**
 * The types of all keys that an agent holds, also those that ssh2 leaves out: certificates and security keys.
 * Empty where it does not answer within `limitMs`.
 * https://datatracker.ietf.org/doc/html/draft-miller-ssh-agent
 */
export function agentKeyTypes(socketPath: string, limitMs: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = connect(socketPath, () => socket.write(REQUEST_IDENTITIES));
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(keyTypes(answer));
    };
    const timer = setTimeout(end, limitMs);
    socket.on('error', end).on('close', end);
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const isWhole = answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0);
      if (isWhole || answer.length > ANSWER_MAX) end();
    });
  });
}

function keyTypes(answer: Buffer): string[] {
  const types: string[] = [];
  if (answer.length < 9 || answer[4] !== IDENTITIES_ANSWER) return types;
  // The number of keys; then of each its blob and its comment, both strings.
  for (let at = 9; at + 4 <= answer.length; ) {
    const blob = answer.subarray(at + 4, at + 4 + answer.readUInt32BE(at));
    types.push(typeOf(blob));
    at += 4 + blob.length;
    if (at + 4 > answer.length) break;
    at += 4 + answer.readUInt32BE(at);
  }
  return types;
}
