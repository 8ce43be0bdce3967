import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '../../../lambda/kit/html.ts';

describe('html', () => {
  it.each([
    ['a tag', '<b>', '&lt;b&gt;'],
    ['an attribute', `" onclick='x'`, '&quot; onclick=&#39;x&#39;'],
    ['an entity', '&lt;', '&amp;lt;'],
    ['a control', 'a\u0000\u001b[2J', 'a\\x00\\x1b[2J'],
    ['a right-to-left trick', 'a\u202eb', 'a\\u202eb'],
  ])('shows %s as text', (_, text, shown) => {
    expect(html`<i title="${text}">${text}</i>`.text).toBe(`<i title="${shown}">${shown}</i>`);
  });

  it('keeps what it made itself, joins lists and drops nothing but null', () => {
    expect(html`${html`<b>${'<'}</b>`}${[1, 'a&', html`<i></i>`]}${null}${0}`.text).toBe('<b>&lt;</b>1a&amp;<i></i>0');
  });

  it('lets nothing out that could open a tag, close an attribute or begin an entity of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = html`${text}`.text;
        expect(shown).not.toMatch(/[<>"'`]|&(?!(amp|lt|gt|quot|#39|#96);)|\p{Cc}|\p{Cf}/u);
      }),
    );
  });
});
