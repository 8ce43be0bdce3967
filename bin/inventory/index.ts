/** Ansible's inventories and its host patterns. */
export { expandRanges, parseHostSpec, readPort } from './address.ts';
export { patternAids } from './files.ts';
export { type InventoryHost, plainHost } from './host.ts';
export type { Inventory } from './inventory.ts';
export { openInventory, resolving } from './open.ts';
export { selectHosts } from './pattern.ts';
