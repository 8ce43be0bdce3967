import { DescribeInstanceStatusCommand, GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { gatherEvidence, oomLines } from '../../lambda/io/evidence.ts';
import { SandboxAws } from '../../sandbox/aws.ts';

describe('oomLines', () => {
  it.each([
    ['2.6 to 4.x', '[81234.5] Out of memory: Kill process 2211 (ruby) score 912 or sacrifice child'],
    ['2.6 to 4.x, then', '[81234.5] Killed process 2211 (ruby) total-vm:9042312kB, anon-rss:7811204kB, file-rss:0kB'],
    ['5.x', '[81234.5] Out of memory: Killed process 2211 (ruby) total-vm:9042312kB, anon-rss:7811204kB'],
    ['4.19 and later', '[81234.5] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=ruby,pid=2211,uid=1000'],
    ['a container', '[81234.5] Memory cgroup out of memory: Killed process 2211 (ruby) total-vm:9042312kB'],
    ['any', '[81234.5] ruby invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0'],
  ])('knows the line of kernel %s', (_kernel, line) => {
    expect(oomLines(`boot\r\n${line}\r\nlogin: `)).toEqual([line]);
  });

  it.each(['[1.0] Out of memory? no', 'cloud-init: process killed', '', 'Kernel panic - not syncing'])(
    'makes nothing of %j',
    (line) => expect(oomLines(line)).toEqual([]),
  );

  it('shows a line that the guest tried to hide in a terminal title', () => {
    expect(oomLines('\x1b]0;\nOut of memory: Killed process 1 (ruby)\n\x07')).toEqual([
      'Out of memory: Killed process 1 (ruby)',
    ]);
  });

  it('keeps the last five', () => {
    const lines = Array.from({ length: 9 }, (_, n) => `Out of memory: Killed process ${n} (ruby)`);
    expect(oomLines(lines.join('\n'))).toEqual(lines.slice(4));
  });

  it('gives printable ASCII of at most 200 characters, whatever the guest wrote', () => {
    const [line = ''] = oomLines(
      `\x1b[31;1m\x1b]0;title\x07Out of memory: Killed process 1 (\x1b[2Jr\xc3\xbcby\x00\x9b\x7f) ${'x'.repeat(999)}`,
    );
    expect(line).toMatch(/^Out of memory: Killed process 1 \(r by \) x+$/);
    expect(line).toHaveLength(200);
  });
});

describe('gatherEvidence', () => {
  const two = [{ id: 'i-1' }, { id: 'i-2' }];
  const sandbox = () => {
    const aws = new SandboxAws();
    aws.launch('i-1', { status: 'impaired', console: 'Out of memory: Killed process 7 (ruby)\n' });
    aws.launch('i-2');
    return aws;
  };

  it('turns every failure into a gap and rejects never', async () => {
    const aws = sandbox();
    aws.fail(DescribeInstanceStatusCommand, 'RequestLimitExceeded', 9);
    aws.fail(GetConsoleOutputCommand, 'UnauthorizedOperation', 9);
    expect(await gatherEvidence(aws.ec2, two)).toEqual(
      new Map(
        ['i-1', 'i-2'].map((id) => [
          id,
          {
            ec2Impaired: null,
            consoleLines: [],
            gaps: [
              "EC2's status checks: RequestLimitExceeded: as ordered",
              'console output: UnauthorizedOperation: as ordered',
            ],
          },
        ]),
      ),
    );
  });

  it("doesn't let an instance that is gone cost another its evidence", async () => {
    const aws = sandbox();
    const evidence = await gatherEvidence(aws.ec2, [...two, { id: 'i-gone' }]);
    expect(evidence.get('i-1')).toEqual({
      ec2Impaired: true,
      consoleLines: ['Out of memory: Killed process 7 (ruby)'],
      gaps: [],
    });
    expect(evidence.get('i-gone')?.gaps.join()).toMatch(/status checks: InvalidInstanceID.*console output: Invalid/);
  });

  it('takes what console there is where the latest is not to be had', async () => {
    const aws = sandbox();
    aws.launch('i-2', { nitro: false, console: 'Memory cgroup out of memory: Kill process 9 (ruby)' });
    const evidence = await gatherEvidence(aws.ec2, two);
    expect(evidence.get('i-2')?.consoleLines).toEqual(['Memory cgroup out of memory: Kill process 9 (ruby)']);
    expect(evidence.get('i-2')?.gaps).toEqual([]);
  });

  it.each([
    ['ok', false],
    ['initializing', null],
    ['insufficient-data', null],
    ['impaired', true],
  ] as const)('reads the status check %s as impaired: %s', async (status, impaired) => {
    const aws = new SandboxAws();
    aws.launch('i-1', { status });
    expect((await gatherEvidence(aws.ec2, [{ id: 'i-1' }])).get('i-1')?.ec2Impaired).toBe(impaired);
  });

  it('asks for the status of a hundred at a time, and for nothing without instances', async () => {
    const aws = new SandboxAws();
    const many = Array.from({ length: 201 }, (_, n) => ({ id: `i-${n}` }));
    for (const { id } of many) aws.launch(id);
    expect((await gatherEvidence(aws.ec2, many)).size).toBe(201);
    expect(aws.calls('DescribeInstanceStatusCommand')).toBe(3);
    expect((await gatherEvidence(new SandboxAws().ec2, [])).size).toBe(0);
  });
});
