import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { afterAll, describe, expect, it } from 'vitest';
import { BOOTSTRAP_VERSION } from '../../../bin/doctor/deploy-steps.ts';

describe('the bootstrap that a deploy takes', () => {
  const outdir = mkdtempSync(`${tmpdir()}/crawlwatch-bootstrap-`);
  afterAll(() => rmSync(outdir, { recursive: true }));

  it('is of the version that CDK writes into its assembly', () => {
    const app = new App({ outdir });
    new CfnResource(new Stack(app, 'Some'), 'Topic', { type: 'AWS::SNS::Topic' });
    const { artifacts = {} } = app.synth().manifest;
    const versions = Object.values(artifacts).flatMap(({ properties }) =>
      properties !== undefined && 'requiresBootstrapStackVersion' in properties
        ? [properties.requiresBootstrapStackVersion]
        : [],
    );
    expect([...new Set(versions)]).toEqual([BOOTSTRAP_VERSION]);
  });
});
