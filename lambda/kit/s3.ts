/** Files in a bucket, packed, and replaced only by who has read the last one. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { GetObjectCommand, type GetObjectCommandOutput, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3 } from './clients/index.ts';
import { errorCode, errorText, isAccessDenied } from './errors.ts';

/** A file that unpacks to more than this was not written by crawlwatch: 100,000 hosts take a kilobyte each. */
const MOST_BYTES = 128 * 1024 * 1024;

/**
 * For functions that only look back: what writes isn't in their bundle. It rejects where S3 can't be asked or refuses.
 */
export const packedReader = (s3: S3, bucket: string) => ({
  /** Null where there is none; `bytes` is null where it can't be unpacked. */
  async get(key: string): Promise<{ readonly bytes: Uint8Array | null; readonly etag: string } | null> {
    let object: GetObjectCommandOutput;
    try {
      object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    } catch (error) {
      if (errorCode(error) === 'NoSuchKey') return null;
      throw named(error, 's3:GetObject', bucket, key);
    }
    const packed = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    const bytes = await promisify(gunzip)(packed, { maxOutputLength: MOST_BYTES }).catch(() => null);
    return { bytes, etag: object.ETag ?? '' };
  },
});

/** Every function rejects where S3 can't be asked or refuses. */
export const packedFiles = (s3: S3, bucket: string) => ({
  ...packedReader(s3, bucket),

  /**
   * Writes unless somebody else has since the read
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
   * @param etag of the file that is to be replaced; null: there must be none
   * @returns the new one's; null where it was not written
   */
  async put(key: string, bytes: Uint8Array, etag: string | null): Promise<string | null> {
    try {
      const Body = await promisify(gzip)(bytes);
      const unchanged = etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag };
      const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ...unchanged }));
      return ETag ?? '';
    } catch (error) {
      // 404: the file was there when it was read, and is gone.
      if (/^(PreconditionFailed|ConditionalRequestConflict|NoSuchKey)$/.test(errorCode(error))) return null;
      throw named(error, 's3:PutObject', bucket, key);
    }
  },
});

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
