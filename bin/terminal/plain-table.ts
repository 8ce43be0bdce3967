/** Rows under a heading, for a terminal or a pipe. */
import Table from 'cli-table3';
import { forTerminal } from '../../lambda/kit/index.ts';

/** @param rows may quote hosts and tags: their cells are escaped here */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const frame = 'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid';
  const table = new Table({
    head: [...head],
    chars: Object.fromEntries([...frame.split(' '), 'right', 'right-mid', 'middle'].map((part) => [part, ''])),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true },
  });
  table.push(...rows.map((row) => row.map(forTerminal)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
