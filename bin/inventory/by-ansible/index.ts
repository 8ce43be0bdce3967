/** What Ansible itself knows: its configuration, and the hosts that ansible-inventory lists. */
export { ansibleDefaults } from './config.ts';
export { type AnsibleRun, LISTED_MAX_BYTES, listCommand, listWithAnsible } from './list.ts';
export { parseListed, readListed } from './listed.ts';
