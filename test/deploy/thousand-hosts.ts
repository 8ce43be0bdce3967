/** A program of its own, to see its memory: one check of a thousand hosts over SSM, whole but for the network. */

import { checkFleet } from '../../lambda/check/pipeline.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { awsOutlets, awsPorts } from '../../lambda/wiring/check.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { probeOutput } from '../support/probe-output.ts';

const HOSTS = 1_000;
const settings = parseSettings({ transport: 'ssm' });
const clock = { now: () => new Date() };
const aws = new SandboxAws();
for (let n = 0; n < HOSTS; n++) {
  const id = `i-${String(n).padStart(17, '0')}`;
  aws.launch(id, { tags: { Name: `crawler${n}`, crawlwatch: 'true', 'crawlwatch:worker': 'sidekiq.service' } });
  // Every fourth is low, so that its history is read and its trouble reported.
  const availableKb = n % 4 === 0 ? 600_000 : 8_000_000;
  aws.manage(id, async () => probeOutput({ availableKb, unit: 'sidekiq.service active 0' }));
}
const lines: string[] = [];
const line = (event: string, fields?: unknown) => void lines.push(JSON.stringify({ event, fields }));
const log = { info: line, warn: line, error: line };
const { region, ec2, ssm, cloudwatch: cloudWatch, documentName: probeDocument } = aws;
const world = { settings, region, clock, log, ec2, ssm, cloudWatch, probeDocument, privateKey: async () => null };
const ports = { ...awsPorts(world), outlets: awsOutlets(world, aws.sns, aws.topic.arn) };

checkFleet(settings, ports, { deadlineMs: 240_000 }).then(({ report, errors }) => {
  const peakMib = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(JSON.stringify({ ...report.summary, errors, peakMib }));
});
