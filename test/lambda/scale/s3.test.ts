import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { s3Store } from '../../../lambda/scale/s3.ts';
import { type SandboxBucket, sandboxS3 } from '../../../sandbox/aws-s3.ts';

function bucket() {
  const files: SandboxBucket = { name: 'bucket', objects: new Map() };
  return { files, s3: sandboxS3(files) };
}

describe('the files of a run', () => {
  it('are null where there are none, and an error where S3 refuses', async () => {
    const { s3 } = bucket();
    const store = s3Store(s3, 'bucket');
    expect(await store.get('runs/1/plan.json')).toBeNull();
    s3.fail(GetObjectCommand, s3.error('AccessDenied', 'no'), 1);
    await expect(store.get('runs/1/plan.json')).rejects.toThrow('no');
    await expect(s3Store(s3, 'elsewhere').put('x', '')).rejects.toThrow('does not exist');
  });

  it('are read as they were last written', async () => {
    const store = s3Store(bucket().s3, 'bucket');
    await store.put('a', '{"ü":1}');
    await store.put('a', '{"ü":2}');
    expect(await store.get('a')).toBe('{"ü":2}');
  });
});
