/** What reading an inventory uses of the process, where Ansible is neither installed nor configured. */
import { tmpdir } from 'node:os';
import type { InventoryAids } from '../../../bin/inventory/open.ts';

export const aids = (
  given: Partial<Omit<InventoryAids, 'stdin'>> & { readonly stdin?: string } = {},
): InventoryAids => ({
  env: { PATH: '/nowhere', ANSIBLE_CONFIG: '/dev/null' },
  cwd: tmpdir(),
  signal: new AbortController().signal,
  ...given,
  stdin: (async function* () {
    yield given.stdin ?? '';
  })(),
});
