import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, closed, dueClass, goodStreak } from '../../../lambda/memory/incident.ts';
import { type InstanceState, type Letter, NOTHING_REMEMBERED } from '../../../lambda/model/index.ts';

const START = Date.UTC(2026, 10, 22, 8);
const EVERY_MS = 5 * 60_000;

/**
 * What is mailed of one instance over a row of checks, each mail by its number of check from 1: `2:h` is a first mail
 * or one of a worse class at the second check, `5:end` an end.
 */
function mailsOf(letters: string, recoverAfter = 2): string[] {
  const mails: string[] = [];
  let state: InstanceState = NOTHING_REMEMBERED;
  for (const [n, letter] of [...letters].entries()) {
    const now = new Date(START + n * EVERY_MS);
    const check = { letter: letter as Letter, codes: [], isRepeat: false };
    const { isOver, ...next } = advance(state, check, now, recoverAfter);
    state = { ...state, ...next };
    const { incident } = state;
    if (isOver) {
      mails.push(`${n + 1}:end`);
      state = { ...closed(state, now), mails: [...state.mails, now] };
    } else if (incident !== null && rank(incident.due) > rank(incident.mailed)) {
      mails.push(`${n + 1}:${incident.due}`);
      state = { ...state, incident: { ...incident, mailed: incident.due }, mails: [...state.mails, now] };
    }
  }
  return mails;
}
const rank = (one: string | null) => (one === null ? -1 : 'uwckh'.replace('k', 'h').indexOf(one === 'k' ? 'h' : one));

describe('an incident', () => {
  it.each([
    ['one bad check that passes is no news', '..h......', []],
    ['two bad checks of three are news', 'h.h', ['3:h']],
    ['two in a row are news at the second', 'cc', ['2:c']],
    ['it ends after two good checks', 'hh..', ['2:h', '4:end']],
    ['one good check is no end', 'hh.hh.h', ['2:h']],
    ['trouble that alternates is mailed: hung, then memory, then hung', 'hchchc', ['2:c', '3:h']],
    ['an ambiguous hang is no other class than a hang', 'khkh', ['2:k']],
    ['a warning that grows is mailed once more', 'wwwcc', ['2:w', '5:c']],
    ['and one that shrinks is not', 'ccww', ['2:c']],
    ['four of twelve are news though no two are near each other', 'h..h..h..h', ['10:h']],
    ['three of twelve are not', 'h...h...h...', []],
    ['inconclusive alone is news at the third in a row', 'uuu', ['3:u']],
    ['and not at the second', 'uu.', []],
    ['or at six of twelve', 'u.u.u.u.u.u', ['11:u']],
    ['inconclusive beside a hang adds nothing to it', 'huhu', ['3:h']],
    ['a check that was not made neither counts nor ends anything', 'h-h-.-.', ['3:h', '7:end']],
    ['a host that hangs three checks of four is mailed once', 'hhh.'.repeat(72), ['2:h']],
    [
      'a host that comes and goes is unstable after its second return',
      'hh..hh..hh..hh',
      ['2:h', '4:end', '6:h', '8:end', '10:h'],
    ],
    ['and ends then after six good checks', 'hh..hh..hh......', ['2:h', '4:end', '6:h', '8:end', '10:h', '16:end']],
  ])('%s', (_, letters, mails) => {
    expect(mailsOf(letters)).toEqual(mails);
  });

  it('waits for as many good checks as the settings say', () => {
    expect(mailsOf('hh.', 1)).toEqual(['2:h', '3:end']);
    expect(mailsOf('hh...', 4)).toEqual(['2:h']);
  });

  const day = fc
    .array(fc.constantFrom(...'.....wchku-'), { minLength: 288, maxLength: 288 })
    .map((all) => all.join(''));
  const burst = fc
    .array(fc.tuple(fc.constantFrom(...'.wchku'), fc.integer({ min: 1, max: 9 })), { minLength: 60, maxLength: 120 })
    .map((runs) =>
      runs
        .map(([letter, n]) => letter.repeat(n))
        .join('')
        .slice(0, 288),
    );

  it('is never mailed more than twelve times a day, whatever the host does', () => {
    fc.assert(
      fc.property(fc.oneof(day, burst), (letters) => {
        expect(mailsOf(letters).length).toBeLessThanOrEqual(12);
      }),
    );
  });

  it('is open and mailed, or was mailed within the hour, where half of an hour’s checks were bad', () => {
    fc.assert(
      fc.property(fc.oneof(day, burst), (letters) => {
        const mails = mailsOf(letters).map((mail) => ({
          check: Number.parseInt(mail, 10),
          isEnd: mail.endsWith('end'),
        }));
        for (let end = 12; end <= letters.length; end++) {
          const hour = letters.slice(end - 12, end);
          if ([...hour].filter((letter) => 'wchk'.includes(letter)).length < 6) continue;
          const before = mails.filter(({ check }) => check <= end);
          const isOpen = before.length > 0 && before.at(-1)?.isEnd === false;
          expect(isOpen || before.some(({ check }) => check > end - 12), `${letters} at ${end}`).toBe(true);
        }
      }),
    );
  });
});

describe('letters', () => {
  it.each([
    ['', null],
    ['h', null],
    ['hh', 'h'],
    ['ck', 'c'],
    ['uuw', 'u'],
  ])('%s are due as %s', (letters, due) => {
    expect(dueClass(letters)).toBe(due);
  });

  it('count good checks in a row past those that were not made', () => {
    expect(goodStreak('h.-.')).toBe(2);
    expect(goodStreak('h.u')).toBe(0);
  });
});
