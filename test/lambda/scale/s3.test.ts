import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { readSnapshotFile, writeSnapshotFile } from '../../../lambda/memory/s3.ts';
import { s3Store } from '../../../lambda/scale/s3.ts';
import { type SandboxBucket, sandboxS3 } from '../../../sandbox/aws-s3.ts';

function bucket() {
  const files: SandboxBucket = { name: 'bucket', objects: new Map() };
  return { files, s3: sandboxS3(files) };
}
const bytes = (text: string) => new TextEncoder().encode(text);

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

describe("the snapshot's file", () => {
  it('is empty where there is none, and nothing that can be read where it is no gzip', async () => {
    const { s3, files } = bucket();
    expect(await readSnapshotFile(s3, 'bucket')).toEqual({ bytes: new Uint8Array(), etag: null });
    files.objects.set('samples', { bytes: bytes('<html>'), etag: '"x"' });
    expect(await readSnapshotFile(s3, 'bucket')).toEqual({ bytes: bytes('no gzip'), etag: '"x"' });
  });

  it('is written unless another run has written since it was read', async () => {
    const { s3 } = bucket();
    const first = await readSnapshotFile(s3, 'bucket');
    expect(await writeSnapshotFile(s3, 'bucket', bytes('one'), first.etag)).toBe(true);
    expect(await writeSnapshotFile(s3, 'bucket', bytes('two'), first.etag)).toBe(false);
    const second = await readSnapshotFile(s3, 'bucket');
    expect(new TextDecoder().decode(second.bytes)).toBe('one');
    expect(await writeSnapshotFile(s3, 'bucket', bytes('two'), second.etag)).toBe(true);
    expect(await writeSnapshotFile(s3, 'bucket', bytes('three'), second.etag)).toBe(false);
  });

  it('fails where S3 refuses for another reason', async () => {
    const { s3 } = bucket();
    s3.fail(PutObjectCommand, s3.error('AccessDenied', 'no'), 1);
    await expect(writeSnapshotFile(s3, 'bucket', bytes('one'), null)).rejects.toThrow('no');
  });
});
