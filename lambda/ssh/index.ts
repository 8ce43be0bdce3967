/** The SSH transport: log in, run the script, and type every failure from what happened on the wire. */
export { instanceConnect } from './instance-connect.ts';
export { type KeyOptions, loginMethods } from './keys.ts';
export { matchesPattern, parseKnownHosts } from './known-hosts.ts';
export { readPrivateKey, type SecretClients } from './secrets.ts';
export { type SshOptions, sshTransport } from './transport.ts';
