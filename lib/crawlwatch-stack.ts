import { DefaultStackSynthesizer, type IStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { REMOVAL } from '../lambda/model/index.ts';
import { Crawlwatch, type CrawlwatchProps } from './crawlwatch.ts';

export interface CrawlwatchStackProps extends StackProps, CrawlwatchProps {}

/** A stack that holds crawlwatch and nothing else. */
export class CrawlwatchStack extends Stack {
  readonly crawlwatch: Crawlwatch;

  constructor(scope: Construct, id: string, { settings, deployRegion, ...props }: CrawlwatchStackProps = {}) {
    // Without the rule on the bootstrap's version: CloudFormation then needs no ssm:GetParameters for an update, and
    // the CDK CLI compares the version itself anyway.
    const synthesizer = new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;
    super(scope, id, { synthesizer, ...props });
    // This id is in no logical id, so that those of the resources begin with what they are.
    this.crawlwatch = new Crawlwatch(this, 'Default', {
      ...(settings && { settings }),
      deployRegion,
      removeCommand: REMOVAL,
    });
  }
}
