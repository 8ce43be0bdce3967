/** Files in a bucket, packed, and replaced only by who has read the last one. */
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, createGzip, gzipSync } from 'node:zlib';
import { GetObjectCommand, type GetObjectCommandOutput, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3 } from './clients/index.ts';
import { errorCode, errorText, isAccessDenied } from './errors.ts';

/** A file that unpacks to more than this was not written by crawlwatch: 100,000 hosts take a kilobyte each. */
const MOST_BYTES = 128 * 1024 * 1024;

/** The same of the samples, which are never held as a whole. */
const MOST_STREAMED_BYTES = 512 * 1024 * 1024;
/** Of what is unpacked, or packed, at once. */
const PIECE_BYTES = 64 * 1024;

/**
 * For functions that only look back: what writes isn't in their bundle. It rejects where S3 can't be asked or refuses.
 */
export function packedReader(s3: S3, bucket: string) {
  /** The file as it is in the bucket, for {@link unpacked}. Null where there is none. */
  async function getPacked(key: string): Promise<{ readonly packed: Uint8Array; readonly etag: string } | null> {
    let object: GetObjectCommandOutput;
    try {
      object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    } catch (error) {
      if (errorCode(error) === 'NoSuchKey') return null;
      throw named(error, 's3:GetObject', bucket, key);
    }
    const packed = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    return { packed, etag: object.ETag ?? '' };
  }

  return {
    getPacked,

    /** Null where there is none. Its pieces may be read more than once; that rejects where they can't be unpacked. */
    async get(key: string): Promise<{ readonly pieces: AsyncIterable<Uint8Array>; readonly etag: string } | null> {
      const file = await getPacked(key);
      if (file === null) return null;
      const { packed, etag } = file;
      return { pieces: { [Symbol.asyncIterator]: () => unpacked(packed, MOST_BYTES) }, etag };
    },
  };
}

/** A packed file's bytes, a piece at a time. @throws where they can't be unpacked, or are more than any fleet's */
export async function* unpacked(packed: Uint8Array, most = MOST_STREAMED_BYTES): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  let length = 0;
  gunzip.end(packed);
  for await (const piece of gunzip) {
    length += piece.length;
    if (length > most) throw new Error(`it unpacks to more than ${most} bytes`);
    yield piece;
  }
}

/**
 * Packs pieces as they come, so that they are never held as a whole. The next piece is asked for once the last is packed:
 * it may take the same place.
 * @param head gives the bytes that come before all of them, once they have come: gzip allows a file in several members
 * (https://www.rfc-editor.org/rfc/rfc1952#section-2.2). @default there are none
 */
export async function packedPieces(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  head?: () => Uint8Array,
): Promise<Uint8Array> {
  const gzip = createGzip({ chunkSize: PIECE_BYTES });
  const packed: Uint8Array[] = [];
  gzip.on('data', (some: Uint8Array) => packed.push(some));
  try {
    const write = promisify((piece: Uint8Array, done: (error?: Error | null) => void) => gzip.write(piece, done));
    for await (const piece of pieces) await write(piece);
    gzip.end();
    await finished(gzip);
  } finally {
    gzip.destroy();
  }
  return Buffer.concat([...(head === undefined ? [] : [gzipSync(head())]), ...packed]);
}

/** Every function rejects where S3 can't be asked or refuses. */
export function packedFiles(s3: S3, bucket: string) {
  /**
   * Writes what is packed already, unless somebody else has since the read
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
   * @param etag of the file that is to be replaced; null: there must be none
   * @returns the new one's; null where it was not written
   */
  async function putPacked(key: string, Body: Uint8Array, etag: string | null): Promise<string | null> {
    try {
      const unchanged = etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag };
      const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ...unchanged }));
      return ETag ?? '';
    } catch (error) {
      // 404: the file was there when it was read, and is gone.
      if (/^(PreconditionFailed|ConditionalRequestConflict|NoSuchKey)$/.test(errorCode(error))) return null;
      throw named(error, 's3:PutObject', bucket, key);
    }
  }

  return {
    ...packedReader(s3, bucket),
    putPacked,
    /** The same of pieces that are to be packed, each before the next is asked for. */
    put: async (key: string, pieces: Iterable<Uint8Array>, etag: string | null) =>
      putPacked(key, await packedPieces(pieces), etag),
  };
}

/** A refusal with the right that is missing, under its own code; any other error as it is. */
function named(error: unknown, right: string, bucket: string, key: string): unknown {
  if (!isAccessDenied(error)) return error;
  const denied = new Error(
    `what checks remember takes the right ${right} on arn:aws:s3:::${bucket}/${key} (${errorText(error)})`,
    { cause: error },
  );
  denied.name = errorCode(error);
  return denied;
}
