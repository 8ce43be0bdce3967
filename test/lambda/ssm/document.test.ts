import { SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { findProbeDocument } from '../../../lambda/ssm/document.ts';
import { clientThat } from '../../support/client-that.ts';

const NAME = 'CrawlwatchStack-Probe-0123456789AB';

describe('the search for the probe document', () => {
  it('goes on past pages on which the filter leaves nothing', async () => {
    const pages = [
      { DocumentIdentifiers: [], NextToken: 'a' },
      { NextToken: 'b' },
      { DocumentIdentifiers: [{ Name: NAME }] },
    ];
    const ssm = clientThat(SSMClient, async () => pages.shift());
    expect(await findProbeDocument(ssm, 'CrawlwatchStack')).toBe(NAME);
  });

  it('finds nothing where no page has one', async () => {
    const pages = [{ DocumentIdentifiers: [], NextToken: 'a' }, { DocumentIdentifiers: [] }];
    const ssm = clientThat(SSMClient, async () => pages.shift());
    expect(await findProbeDocument(ssm, 'CrawlwatchStack')).toBeNull();
    expect(pages).toEqual([]);
  });

  it('fails with what SSM says, rather than finding none', async () => {
    const ssm = clientThat(SSMClient, async () => {
      throw new Error('Rate exceeded');
    });
    await expect(findProbeDocument(ssm, 'CrawlwatchStack')).rejects.toThrow('Rate exceeded');
  });
});
