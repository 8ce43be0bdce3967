import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { packedFiles, packedPieces, unpacked } from '../../../lambda/kit/s3.ts';
import { type SandboxBucket, sandboxS3 } from '../../../sandbox/aws-s3.ts';

function bucket() {
  const files: SandboxBucket = { name: 'bucket', objects: new Map() };
  return { files, s3: sandboxS3(files) };
}
const KEY = 'samples';
async function read(s3: ReturnType<typeof sandboxS3>) {
  const file = await packedFiles(s3, 'bucket').get(KEY);
  if (file === null) return null;
  const text = async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of file.pieces) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };
  return { text: await text().catch(() => null), again: await text().catch(() => null), etag: file.etag };
}
const write = (s3: ReturnType<typeof sandboxS3>, text: string, etag: string | null) =>
  packedFiles(s3, 'bucket').put(KEY, [bytes(text)], etag);
const bytes = (text: string) => new TextEncoder().encode(text);

describe('a packed file in the bucket', () => {
  it.each([
    ['no gzip', bytes('<html>')],
    ['gzip cut short', gzipSync('x'.repeat(1_000)).subarray(0, 20)],
    ['gzip that unpacks to more than any fleet has', gzipSync(Buffer.alloc(129 * 1024 * 1024))],
  ])('has nothing to read where it is %s, and is replaced on its etag', async (_, spoilt) => {
    const { s3, files } = bucket();
    files.objects.set('samples', { bytes: spoilt, etag: '"x"' });
    expect(await read(s3)).toEqual({ text: null, again: null, etag: '"x"' });
  });

  it('is absent where there is none', async () => {
    expect(await read(bucket().s3)).toBeNull();
  });

  it('is written unless another run has since it was read', async () => {
    const { s3 } = bucket();
    const first = await write(s3, 'one', null);
    expect(first).not.toBeNull();
    expect(await write(s3, 'two', null)).toBeNull();
    const found = await read(s3);
    expect(found).toEqual({ text: 'one', again: 'one', etag: first });
    expect(await write(s3, 'two', first)).not.toBeNull();
    expect(await write(s3, 'three', first)).toBeNull();
  });

  it('names the right that is missing, under the code of the refusal', async () => {
    const { s3 } = bucket();
    const denied = () => s3.error('AccessDenied', 'not authorized');
    s3.fail(PutObjectCommand, denied(), 1);
    await expect(write(s3, 'one', null)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('s3:PutObject on arn:aws:s3:::bucket/samples'),
    });
    s3.fail(GetObjectCommand, denied(), 1);
    await expect(read(s3)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('s3:GetObject on arn:aws:s3:::bucket/samples'),
    });
  });

  it('fails where S3 refuses for another reason', async () => {
    const { s3 } = bucket();
    s3.fail(PutObjectCommand, s3.error('SlowDown', 'later'), 1);
    await expect(write(s3, 'one', null)).rejects.toThrow('later');
  });
});

describe('pieces', () => {
  const some = (...texts: readonly string[]) =>
    (async function* () {
      for (const text of texts) yield bytes(text);
    })();

  it('are packed as they come, behind a head that is known after them, into what any gunzip reads', async () => {
    const seen: string[] = [];
    const long = 'y'.repeat(300_000);
    const pieces = (async function* () {
      for (const text of ['one ', long]) {
        seen.push(text);
        yield bytes(text);
      }
    })();
    const packed = await packedPieces(pieces, () => bytes(`${seen.length}: `));
    expect(gunzipSync(packed).toString()).toBe(`2: one ${long}`);
    const read: string[] = [];
    for await (const piece of unpacked(packed)) read.push(Buffer.from(piece).toString());
    expect(read.length).toBeGreaterThan(2);
    expect(read.join('')).toBe(`2: one ${long}`);
  });

  it('of which one is lost are not packed', async () => {
    const lost = (async function* () {
      yield* some('one');
      throw new Error('lost');
    })();
    await expect(packedPieces(lost, () => bytes(''))).rejects.toThrow('lost');
  });

  it('are no more than any fleet has', async () => {
    const bomb = gzipSync(Buffer.alloc(128 * 1024 * 1024));
    const read = async () => {
      let length = 0;
      for await (const piece of unpacked(Buffer.concat([bomb, bomb, bomb, bomb, gzipSync('x')])))
        length += piece.length;
      return length;
    };
    await expect(read()).rejects.toThrow('it unpacks to more than 536870912 bytes');
  });
});
