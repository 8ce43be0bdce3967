/** The SSH transport: logs in, runs the script, and names every failure by what happened on the wire. */
export { instanceConnect } from './instance-connect.ts';
export { type KeyOptions, loginMethods } from './keys.ts';
export { matchesPattern, parseKnownHosts } from './known-hosts.ts';
export { readPrivateKey, type SecretClients } from './secrets.ts';
export { type SshOptions, sshTransport } from './transport.ts';
