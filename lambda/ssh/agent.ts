/** The keys of an ssh-agent as ssh2 asks for them, which also says whether the agent is still awaited, and can be released. */
import type { Duplex } from 'node:stream';
import { BaseAgent, createAgent, type IdentityCallback, type SignCallback, type SigningRequestOptions } from 'ssh2';

/** An ssh-agent for one login. */
export class LoginAgent extends BaseAgent {
  readonly #agent: BaseAgent;
  readonly #streams = new Set<Duplex>();
  #released = false;

  /** @param socketPath as in `SSH_AUTH_SOCK`. */
  constructor(socketPath: string) {
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

  /** Closes what is open to the agent, since one that never answers would keep this process alive. Nothing is called back. */
  release(): void {
    this.#released = true;
    for (const stream of this.#streams) stream.destroy();
  }

  override getIdentities(done: IdentityCallback): void {
    this.#agent.getIdentities((error, keys) => {
      if (!this.#released) done(error, keys);
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
