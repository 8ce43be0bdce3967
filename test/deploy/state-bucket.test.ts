import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedFiles } from '../../lambda/kit/index.ts';
import { changeInstance, loadState } from '../../lambda/memory/index.ts';
import { type Moto, oneByOne, startMoto, whyNoMoto } from '../support/moto.ts';
import { SandboxFleet } from '../support/sandbox-fleet.ts';
import { bothIn, orders } from '../support/two-checks.ts';

const missing = whyNoMoto();
if (missing !== null) process.stderr.write(`\nSKIPPED, the state was not kept in the S3 API of others: ${missing}\n\n`);

const HUNG = 'CRIT crawler1 SSH silent';

// Needs moto_server; where it is missing, the reason is printed.
describe.runIf(missing === null)('the state, in an S3 API of others', () => {
  let moto: Moto;
  let s3: S3Client;
  let buckets = 0;
  beforeAll(async () => {
    moto = await startMoto();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    s3 = new S3Client({ endpoint: moto.endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
  });
  afterAll(() => moto?.stop());

  /** A host that has hung in the check before, and is due for a mail in the next. */
  async function hungFleet(): Promise<SandboxFleet> {
    const Bucket = `state-${buckets++}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    const fleet = new SandboxFleet(4);
    fleet.stateFiles = packedFiles(oneByOne(s3), Bucket);
    await fleet.checks(1);
    await fleet.host(1, 'BannerTimeout').checks(1);
    return fleet;
  }

  it('has two checks at the same moment mail once, in every order of their calls', async () => {
    const alone = await hungFleet();
    await alone.checks(1);
    const wanted = (await loadState(alone.stateFiles)).state;
    for (const order of orders(5, 5)) {
      const fleet = await hungFleet();
      await bothIn(order, fleet);
      expect(fleet.subjects, order.join('')).toEqual([HUNG]);
      const { state } = await loadState(fleet.stateFiles);
      expect(state.instances, order.join('')).toEqual(wanted.instances);
    }
  });

  it('loses none of four notes that are made at the same moment', async () => {
    const fleet = await hungFleet();
    const ids = [...fleet.aws.instances.keys()];
    const at = fleet.now;
    const note = (id: string) =>
      changeInstance(fleet.stateFiles, id, (one) => ({ ...one, acted: { what: 'reboot', at } }));
    await Promise.all(ids.map(note));
    const { state } = await loadState(fleet.stateFiles);
    expect(ids.map((id) => state.instances.get(id)?.acted?.what)).toEqual(ids.map(() => 'reboot'));
  });
});
