/** Where hosts come from: this machine, hosts by name, an inventory, a file, AWS; and how each is reached. */
export type { Asking } from './first-contact.ts';
export { openSource } from './open.ts';
export type { Source, SourceFlags } from './source.ts';
export { type SshFlags, sshAccess, sshKeys } from './ssh-access.ts';
