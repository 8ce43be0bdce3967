/** What a host says in words during the login (SSH_MSG_USERAUTH_BANNER, RFC 4252, 5.4). */
import type { AnyAuthMethod, BaseAgent, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import ssh2 from 'ssh2';
import { refusalIn } from '../probe/index.ts';

const SAID_MAX = 4 * 1024;

/**
 * sshd sends the file of its option Banner before it answers the first request, and the words of PAM once a key has proved
 * itself (auth2.c, input_userauth_request and userauth_finish). Only the latter say what becomes of the login.
 */
export class LoginWords {
  #all = '';
  #afterProof = '';
  /** A key was accepted and has signed. */
  hasProved = false;

  push(message: string): void {
    this.#all = `${this.#all}${message}\n`.slice(0, SAID_MAX);
    if (this.hasProved) this.#afterProof = `${this.#afterProof}${message}\n`.slice(0, SAID_MAX);
  }

  /** Everything, notices for all who connect included. */
  get all(): string {
    return this.#all.trim();
  }

  /** What it said to this user, for whom it knew a key; or in known words before. */
  get toUser(): string {
    const said = this.#afterProof.trim();
    return said === '' && refusalIn(this.#all) !== null ? this.all : said;
  }
}

/** The same method; `proved` is called when the host has accepted its key and asks for the signature. */
export function withProof(method: AnyAuthMethod, proved: () => void): AnyAuthMethod {
  if (method.type === 'publickey') {
    const key = method.key as ParsedKey;
    const sign: ParsedKey['sign'] = (data, hash) => {
      proved();
      return key.sign(data, hash);
    };
    return { ...method, key: Object.create(key, { sign: { value: sign } }) };
  }
  return method.type === 'agent' ? { ...method, agent: new ProvingAgent(method.agent as BaseAgent, proved) } : method;
}

class ProvingAgent extends ssh2.BaseAgent {
  readonly #agent: BaseAgent;
  readonly #proved: () => void;

  constructor(agent: BaseAgent, proved: () => void) {
    super();
    this.#agent = agent;
    this.#proved = proved;
  }

  override getIdentities(done: IdentityCallback): void {
    this.#agent.getIdentities(done);
  }

  override sign(key: never, data: Buffer, options: SigningRequestOptions | SignCallback, done?: SignCallback): void {
    this.#proved();
    if (typeof options === 'function') this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, done);
  }
}
