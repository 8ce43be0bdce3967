import { expect, it } from 'vitest';
import { terminalStyle } from '../../../bin/terminal/io.ts';

it.each([
  ['a terminal of 120 columns', { isTTY: true, columns: 120 }, 120],
  ['a terminal whose size was never set, which Node.js reports as 0 columns', { isTTY: true, columns: 0 }, 80],
  ['a terminal of which no size is known', { isTTY: true }, 80],
  ['a pipe, which cuts nothing', {}, null],
])('writes for %s', (_, output, width) => {
  expect(terminalStyle({ write() {}, ...output }, {}).width).toBe(width);
});
