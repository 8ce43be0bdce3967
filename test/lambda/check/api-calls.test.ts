import { describe, expect, it } from 'vitest';
import { packedFiles } from '../../../lambda/kit/index.ts';
import { STATE_KEY } from '../../../lambda/model/index.ts';
import { SandboxFleet } from '../../support/sandbox-fleet.ts';

describe('a check of 1,000 instances', () => {
  it.each(['all', 'troubled', 'none'])(
    'reads state and samples once each, writes them, and reads no metric, where metrics.perInstance is %s',
    async (perInstance) => {
      const fleet = new SandboxFleet(1_000, { metrics: { perInstance } });
      fleet.stateFiles = packedFiles(fleet.aws.s3, fleet.aws.bucket.name);
      await fleet.check();
      // One in ten is low, and so has its history looked at.
      for (let n = 1; n <= 1_000; n += 10) fleet.host(n, { availableKb: 5_000_000 });
      const commands = ['GetMetricDataCommand', 'GetObjectCommand', 'PutObjectCommand', 'PutMetricDataCommand'];
      const before = commands.map((command) => fleet.aws.calls(command));
      const { errors, report } = await fleet.check();
      expect(errors).toEqual([]);
      expect(report.summary.checked).toBe(1_000);
      const calls = commands.map((command, n) => fleet.aws.calls(command) - (before[n] ?? 0));
      // Three metrics of each instance, or of those that are followed, in calls of 1,000; the fleet's in a last one.
      expect(calls).toEqual([0, 2, 2, perInstance === 'none' ? 1 : 4]);
      expect([...fleet.aws.bucket.objects.keys()].sort()).toEqual(['samples', STATE_KEY]);
    },
    60_000,
  );
});
