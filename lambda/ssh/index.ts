/** The SSH transport: logs in, runs the script, and names every failure by what happened on the wire. */
export { agentKeyTypes } from './agent.ts';
export { OFFERED } from './algorithms.ts';
export { Bounded, commandEnded, execRefused, refusalWatch } from './command.ts';
export {
  closedBy,
  endpointOf,
  type Failure,
  failure,
  isRefusal,
  loginLost,
  loginRefused,
  notSsh,
  quote,
  refused,
  socketFailed,
  sshFailed,
  timedOut,
  tooManyKeys,
} from './failures.ts';
export { instanceConnect } from './instance-connect.ts';
export { parsePrivateKey, parsePublicKey, publicKeyWithin } from './key-files.ts';
export { type KeyOptions, loginMethods } from './keys.ts';
export { hasCertAuthority, type KnownHost, matchesPattern, parseKnownHosts, type UnknownKey } from './known-hosts.ts';
export { readPrivateKey, type SecretClients } from './secrets.ts';
export { commandFor, type SshOptions, sshTransport } from './transport.ts';
