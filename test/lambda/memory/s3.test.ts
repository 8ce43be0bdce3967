import { gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { readSamplesFile, writeSamplesFile } from '../../../lambda/memory/s3.ts';
import { type SandboxBucket, sandboxS3 } from '../../../sandbox/aws-s3.ts';

function bucket() {
  const files: SandboxBucket = { name: 'bucket', objects: new Map() };
  return { files, s3: sandboxS3(files) };
}
const bytes = (text: string) => new TextEncoder().encode(text);

describe('the file of samples', () => {
  it.each([
    ['no gzip', bytes('<html>')],
    ['gzip cut short', gzipSync('x'.repeat(1_000)).subarray(0, 20)],
    ['gzip that unpacks to more than any fleet has', gzipSync(Buffer.alloc(129 * 1024 * 1024))],
  ])('has nothing to read where it is %s, and is replaced on its etag', async (_, spoilt) => {
    const { s3, files } = bucket();
    files.objects.set('samples', { bytes: spoilt, etag: '"x"' });
    expect(await readSamplesFile(s3, 'bucket')).toEqual({ bytes: null, etag: '"x"' });
  });

  it('is absent where there is none', async () => {
    expect(await readSamplesFile(bucket().s3, 'bucket')).toEqual({ bytes: null, etag: null });
  });

  it('is written unless another run has since it was read', async () => {
    const { s3 } = bucket();
    const first = await readSamplesFile(s3, 'bucket');
    expect(await writeSamplesFile(s3, 'bucket', bytes('one'), first.etag)).toBe(true);
    expect(await writeSamplesFile(s3, 'bucket', bytes('two'), first.etag)).toBe(false);
    const second = await readSamplesFile(s3, 'bucket');
    expect(new TextDecoder().decode(second.bytes ?? undefined)).toBe('one');
    expect(await writeSamplesFile(s3, 'bucket', bytes('two'), second.etag)).toBe(true);
    expect(await writeSamplesFile(s3, 'bucket', bytes('three'), second.etag)).toBe(false);
  });

  it('names the right that is missing, under the code of the refusal', async () => {
    const { s3 } = bucket();
    const denied = () => s3.error('AccessDenied', 'not authorized');
    s3.fail(PutObjectCommand, denied(), 1);
    await expect(writeSamplesFile(s3, 'bucket', bytes('one'), null)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('s3:PutObject on arn:aws:s3:::bucket/samples'),
    });
    s3.fail(GetObjectCommand, denied(), 1);
    await expect(readSamplesFile(s3, 'bucket')).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('s3:GetObject on arn:aws:s3:::bucket/samples'),
    });
  });

  it('fails where S3 refuses for another reason', async () => {
    const { s3 } = bucket();
    s3.fail(PutObjectCommand, s3.error('SlowDown', 'later'), 1);
    await expect(writeSamplesFile(s3, 'bucket', bytes('one'), null)).rejects.toThrow('later');
  });
});
