import { describe, expect, it } from 'vitest';
import { diagnosesJson, diagnosesText } from '../../../bin/doctor/report.ts';
import { type Diagnosis, exitCodeOfDiagnoses, failed, ok, type Step, unknown } from '../../../bin/doctor/step.ts';
import { masked } from '../../../bin/terminal/masked.ts';

const diagnosis = (...steps: Step[]): Diagnosis => ({ kind: 'host', id: 'web1', name: 'web1', steps });
const [BROKEN, OPEN, WELL] = [
  failed('login', 'refused', 'give a key'),
  unknown('probe', 'not reached'),
  ok('state', 'up'),
];

describe('a diagnosis', () => {
  it.each([
    [2, [OPEN, BROKEN, WELL]],
    [3, [WELL, OPEN]],
    [0, [WELL]],
    [0, []],
  ])('has the exit code %i', (code, steps) => {
    expect(exitCodeOfDiagnoses([diagnosis(...steps)])).toBe(code);
  });

  it('is printed as a list with marks, each failure with its fix under it', () => {
    expect(diagnosesText([diagnosis(WELL, BROKEN, OPEN)], { colour: false })).toBe(
      [
        'web1',
        '  ✓ state            up',
        '  ✗ login            refused',
        '                     fix: give a key',
        '  ? probe            not reached',
        '',
        '1 broken, 1 unknown, 1 OK. Begin with the first ✗ of each list.',
        '',
      ].join('\n'),
    );
  });

  it('is coloured by its findings where colour is wanted', () => {
    const text = diagnosesText([diagnosis(WELL, BROKEN, OPEN)], { colour: true });
    for (const mark of ['\u001b[32m✓', '\u001b[31m✗', '\u001b[33m?']) expect(text).toContain(mark);
  });

  it('escapes what a tag or a host may contain, as text and as JSON', () => {
    const hostile = diagnosis(failed('overrides', 'the tag is \u001b[2J\u202e', 'fix\nit'));
    expect(diagnosesText([hostile], { colour: false })).toContain('the tag is \\x1b[2J\\u202e');
    expect(diagnosesText([hostile], { colour: false })).toContain('fix: fix\\nit');
    const json = diagnosesJson([hostile], new Date('2026-11-22T08:00:00Z'));
    for (const control of ['\u001b', '\u202e']) expect(json).not.toContain(control);
    expect(JSON.parse(json)).toMatchObject({ version: 1, diagnosedAt: '2026-11-22T08:00:00Z', exitCode: 2 });
  });
});

describe('an endpoint of a subscription', () => {
  it.each([
    ['ann.smith@example.com', 'a***@example.com'],
    ['"odd@local"@example.com', '"***@example.com'],
    ['arn:aws:sqs:eu-central-1:123456789012:alerts', '...:alerts'],
    ['https://hooks.example.com/T000/secret', 'hooks.example.com/...'],
    ['+4915112345678', '***78'],
  ])('is masked so that only its owner recognises it: %s', (endpoint, shown) => {
    expect(masked(endpoint)).toBe(shown);
  });
});
