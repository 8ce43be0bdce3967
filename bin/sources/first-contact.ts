/**
 * The questions that ssh asks on a terminal, asked between two passes: a host whose key is unknown, or whose login failed
 * for want of a passphrase, is held back; the others are read; then a person is asked, one question at a time, and what
 * the answers allow is asked again. So a person reads as long as it takes while no host's deadline runs and no bar is drawn
 * over the question, each host's duration is that of its own attempt, and one table has all of them.
 */
import { readFile } from 'node:fs/promises';
import { endpointOf, forTerminal } from '../../lambda/kit/index.ts';
import type { Instance, ProbeTransport, Reply } from '../../lambda/model/index.ts';
import { parsePrivateKey, type UnknownKey } from '../../lambda/ssh/index.ts';
import type { Questions } from '../terminal/index.ts';

/** What a transport meets in one pass, and what has been answered before it. */
export interface FirstContact {
  /** Lines of known_hosts that a person has accepted. */
  readonly approved: ReadonlySet<string>;
  unknown(key: UnknownKey): void;
  /** The passphrase of a key file, by its path: what opened it, or the last of those that didn't. Kept nowhere else. */
  readonly passphrases: ReadonlyMap<string, string>;
  locked(path: string): void;
}

/** How the questions are asked, and what has to make room for them. */
export interface Asking {
  readonly questions: Questions;
  /** Called before the first question of a round and after the last. */
  pause(): void;
  resume(): void;
}

const TRIES = 3;

/** @param make a transport for one pass @param keysOf the paths of the key files that a host's login may use */
export function askingTransport(
  make: (contact: FirstContact) => ProbeTransport,
  keysOf: (instance: Instance) => readonly string[],
  asking: Asking,
): ProbeTransport {
  const approved = new Set<string>();
  const refused = new Set<string>();
  const passphrases = new Map<string, string>();
  const hopeless = new Set<string>();

  return async (instances, run) => {
    let pass = instances;
    while (pass.length > 0) {
      const unknown = new Map<string, UnknownKey>();
      const locked = new Set<string>();
      const held = new Map<string, readonly [Reply, number]>();
      const byId = new Map(pass.map((instance) => [instance.id, instance]));
      const contact: FirstContact = {
        approved,
        unknown: (key) => void (refused.has(key.line) || unknown.set(key.line, key)),
        passphrases,
        locked: (path) => void (hopeless.has(path) || locked.add(path)),
      };
      /** What a host has to wait for: lines of known_hosts, and key files. */
      const needs = (instance: Instance, reply: Reply): readonly string[] => {
        if (reply.kind !== 'failed') return [];
        if (reply.reason === 'AuthenticationFailed') return keysOf(instance).filter((path) => locked.has(path));
        if (reply.reason !== 'HostKeyUnknown' && reply.reason !== 'HostUnreachable') return [];
        const endpoints = endpointsOf(instance);
        return [...unknown.values()].filter(({ endpoint }) => endpoints.includes(endpoint)).map(({ line }) => line);
      };
      await make(contact)(pass, {
        ...run,
        reply: (id, reply, durationMs) => {
          const instance = byId.get(id);
          if (instance === undefined || needs(instance, reply).length === 0) run.reply(id, reply, durationMs);
          else held.set(id, [reply, durationMs]);
        },
      });
      // In the order of the inventory.
      const waiting = pass.flatMap((instance) => {
        const [reply] = held.get(instance.id) ?? [];
        return reply === undefined ? [] : [{ instance, needs: needs(instance, reply) }];
      });
      const asked = new Map(
        waiting.flatMap(({ instance, needs: all }) => all.map((need) => [need, instance] as const)),
      );
      const answered = asked.size === 0 || run.signal.aborted ? new Set<string>() : await answer(asked, unknown);
      const again = waiting.filter((one) => one.needs.some((need) => answered.has(need)));
      pass = again.map(({ instance }) => instance);
      for (const { id } of pass) held.delete(id);
      for (const [id, [reply, durationMs]] of held) run.reply(id, reply, durationMs);
    }
  };

  /** Asks for each in turn, with a host that needs it. @returns those that were accepted */
  async function answer(
    asked: ReadonlyMap<string, Instance>,
    unknown: ReadonlyMap<string, UnknownKey>,
  ): Promise<ReadonlySet<string>> {
    asking.pause();
    const answered = new Set<string>();
    for (const [need, instance] of asked) {
      const key = unknown.get(need);
      const isYes = key === undefined ? await unlocks(need) : await trusts(key, instance);
      if (isYes === null) break;
      if (isYes) answered.add(need);
    }
    asking.resume();
    return answered;
  }

  /** @returns null where there is nobody any more */
  async function trusts(key: UnknownKey, instance: Instance): Promise<boolean | null> {
    const { questions } = asking;
    // Of a jump host only the name in known_hosts is known.
    const isItself = endpointsOf(instance)[0] === key.endpoint;
    const name = isItself && instance.name !== key.name ? `${instance.name} (${key.name})` : key.name;
    questions.say(`The authenticity of host '${forTerminal(name)}' can't be established.`);
    questions.say(`${forTerminal(keyTypeName(key.type))} key fingerprint is ${key.fingerprint}.`);
    let prompt = 'Are you sure you want to continue connecting (yes/no/[fingerprint])? ';
    for (;;) {
      const typed = (await questions.ask(prompt))?.trim();
      if (typed === undefined) return null;
      if (/^yes$/i.test(typed) || typed === key.fingerprint) {
        approved.add(key.line);
        return true;
      }
      if (/^no?$/i.test(typed)) {
        refused.add(key.line);
        return false;
      }
      prompt = "Please type 'yes', 'no' or the fingerprint: ";
    }
  }

  /** @returns null where there is nobody any more */
  async function unlocks(path: string): Promise<boolean | null> {
    const text = await readFile(path).catch(() => null);
    for (let tries = text === null ? TRIES : 0; tries < TRIES; tries++) {
      const typed = await asking.questions.ask(`Enter passphrase for key '${forTerminal(path)}': `, { hidden: true });
      if (typed === null) return null;
      // As in ssh: an empty one passes over this key.
      if (typed === '') break;
      passphrases.set(path, typed);
      if (text !== null && 'key' in parsePrivateKey(text, typed)) return true;
    }
    hopeless.add(path);
    // Asked again with a wrong one, a host is reported with that, and not as if none had been given.
    return passphrases.has(path);
  }
}

const endpointsOf = ({ address, login }: Instance): readonly string[] => [
  ...(address === null ? [] : [endpointOf(address, login.port)]),
  ...(login.jumps ?? []).map((jump) => endpointOf(jump.address, jump.port)),
];

/** As ssh-keygen names them: `ED25519`, `ECDSA`, `RSA`. */
const keyTypeName = (type: string): string =>
  type.startsWith('ecdsa-') ? 'ECDSA' : type.replace(/^ssh-/, '').toUpperCase();
