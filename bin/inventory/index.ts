/** Ansible inventories, INI and YAML, and host patterns. */
export { expandRanges } from './address.ts';
export { hostsNamed, openInventory, patternAids } from './files.ts';
export { parseHostSpec, readPort } from './host-spec.ts';
export type { Inventory, InventoryHost } from './inventory.ts';
export { selectHosts } from './pattern.ts';
export { proxyOf, type SshProxy } from './ssh-arguments.ts';
