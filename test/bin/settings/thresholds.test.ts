import { describe, expect, it } from 'vitest';
import { type ThresholdFlags, withThresholds } from '../../../bin/settings/thresholds.ts';
import { parseSettings } from '../../../lambda/settings/index.ts';

const usual = parseSettings();
const under = (flags: ThresholdFlags, settings = usual) => {
  const { memory, disk, inodes } = withThresholds(settings, flags);
  return { memory, disk, inodes };
};

describe('thresholds given by flags', () => {
  it('change what they name alone', () => {
    expect(under({})).toEqual({ memory: usual.memory, disk: usual.disk, inodes: usual.inodes });
    expect(under({ warning: ['disk=20'], critical: ['inodes=1.5'] })).toEqual({
      memory: usual.memory,
      disk: { ...usual.disk, warningPercent: 20, ignore: [] },
      inodes: { warningPercent: 5, criticalPercent: 1.5 },
    });
  });

  it.each([[['memory=12,disk=8']], [['memory=12', 'disk=8']], [[' memory = 12% , disk = 8 % ']]])(
    'are read from %j',
    (warning) => {
      const { memory, disk } = under({ warning });
      expect([memory.warningPercent, disk.warningPercent]).toEqual([12, 8]);
    },
  );

  it('take along where a status ends, and from when memory counts as exhausted', () => {
    expect(under({ warning: ['memory=50'], critical: ['memory=40'] }).memory).toMatchObject({
      warningPercent: 50,
      clearPercent: 53,
      criticalPercent: 40,
      criticalClearPercent: 43,
      exhaustedPercent: 3,
    });
    expect(under({ critical: ['memory=2'] }).memory).toMatchObject({ criticalPercent: 2, exhaustedPercent: 2 });
    expect(under({ warning: ['memory=99'] }).memory.clearPercent).toBe(100);
    const wide = parseSettings({ memory: { clearPercent: 30 } });
    expect(under({ warning: ['memory=20'] }, wide).memory.clearPercent).toBe(38);
  });

  it('make settings that the schema takes', () => {
    for (const percent of [0, 0.5, 6, 50, 100]) {
      const both = { warning: [`memory=${percent},disk=${percent},inodes=${percent}`] };
      const settings = withThresholds(usual, { ...both, critical: both.warning });
      expect(parseSettings({ memory: settings.memory, inodes: settings.inodes }).memory).toEqual(settings.memory);
    }
  });

  const allowed =
    'allowed: memory, disk or inodes = 0 to 100 percent available, once each, with commas between: memory=12,disk=10';
  it.each([
    [{ warning: [''] }, `-w, --warning: got ""; ${allowed}`],
    [{ warning: ['12'] }, `-w, --warning: got "12"; ${allowed}`],
    [{ warning: ['memory=12,'] }, `-w, --warning: got ""; ${allowed}`],
    [{ warning: ['memory=101'] }, `-w, --warning: got "memory=101"; ${allowed}`],
    [{ warning: ['memory=-1'] }, `-w, --warning: got "memory=-1"; ${allowed}`],
    [{ critical: ['swap=5'] }, `-c, --critical: got "swap=5"; ${allowed}`],
    [{ critical: ['constructor=5'] }, `-c, --critical: got "constructor=5"; ${allowed}`],
    [{ critical: ['disk=2', 'disk=3'] }, `-c, --critical: got "disk=3"; ${allowed}`],
    [
      { warning: ['memory=4'] },
      '-w, --warning: got memory=4; allowed: at least 6, below which it is CRITICAL (-c memory=4 lowers that)',
    ],
    [
      { critical: ['inodes=7'] },
      '-c, --critical: got inodes=7; allowed: at most 5, below which it is WARNING (-w inodes=7 raises that)',
    ],
    [
      { warning: ['disk=5'], critical: ['disk=7'] },
      '-c, --critical: got disk=7; allowed: at most 5, below which it is WARNING',
    ],
  ])('are refused in one line: %j', (flags, says) => {
    expect(() => withThresholds(usual, flags)).toThrow(says);
  });
});
