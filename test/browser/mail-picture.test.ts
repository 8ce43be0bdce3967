import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { html } from '../../lambda/kit/index.ts';
import { noChromium, openTile, type Tile } from '../support/widget-tile.ts';

if (noChromium !== null) throw new Error(noChromium);

const ROOT = join(import.meta.dirname, '..', '..');
const FILE = join(ROOT, 'docs', 'images', 'mail.png');
const PHONE = { width: 430, height: 400 };
const LIMIT_BYTES = 200_000;

let tile: Tile;
beforeAll(async () => {
  tile = await openTile();
});
afterAll(() => tile.close());

/** As a mail reader shows plain text: lines broken where they end or don't fit, addresses linked. */
function page(mail: string): string {
  const [head = '', ...body] = mail.split('\n\n');
  const lines = body.join('\n\n').trimEnd().split('\n');
  const text = lines.map((line) => html`${line}`.text.replace(/https:\/\/\S+/g, '<a href="$&">$&</a>')).join('\n');
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; font: 13px/1.5 "DejaVu Sans Condensed", system-ui, sans-serif; color: #1f2328; background: #fff }
    header { padding: 14px 18px; border-bottom: 1px solid #d0d7de }
    h1 { font-size: 18px; line-height: 1.3; margin: 0 0 8px }
    header p { margin: 0; color: #59636e; font-size: 13px }
    pre { margin: 0; padding: 14px 8px 14px 10px; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere }
    a { color: #0969da }
  </style><header><h1>${html`${head.replace(/^Subject: /, '')}`.text}</h1><p>AWS Notifications · to me · 08:20</p></header><pre>${text}</pre>`;
}

it('shows a mail on a telephone: the picture in the README', async () => {
  const mail = readFileSync(join(ROOT, 'test', 'fixtures', 'mails', 'hang-flagged.txt'), 'utf8');
  await tile.page.setViewportSize(PHONE);
  await tile.page.setContent(page(mail));
  expect(await tile.page.innerText('h1')).toMatch(/^FLAGGED /);
  expect(await tile.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
  const picture = await tile.page.screenshot({ fullPage: true });
  expect(picture.length).toBeLessThan(LIMIT_BYTES);
  if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, picture);
  expect(tile.requests).toEqual([]);
});
