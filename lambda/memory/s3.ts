/** The file of samples in S3, written so that of two runs at once neither loses what the other saw. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { GetObjectCommand, type GetObjectCommandOutput, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3 } from '../kit/index.ts';
import { errorCode, errorText, isAccessDenied } from '../kit/index.ts';
import { SAMPLES_KEY } from '../model/index.ts';

/** A file that unpacks to more than this was not written by crawlwatch: 100,000 hosts take a kilobyte each. */
const MOST_BYTES = 128 * 1024 * 1024;

export interface SamplesFile {
  /** Unpacked; null where there is no file yet, or none that can be unpacked. */
  readonly bytes: Uint8Array | null;
  /** What the next write is conditional on; null: that there is still no file. */
  readonly etag: string | null;
}

/**
 * @throws where S3 can't be read, with the right that is missing where that is why; a file that can't be unpacked is
 * no error
 */
export async function readSamplesFile(s3: S3, bucket: string): Promise<SamplesFile> {
  let object: GetObjectCommandOutput;
  try {
    object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: SAMPLES_KEY }));
  } catch (error) {
    if (errorCode(error) === 'NoSuchKey') return { bytes: null, etag: null };
    throw isAccessDenied(error) ? withRight(error, 's3:GetObject', bucket) : error;
  }
  const packed = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
  const etag = object.ETag ?? null;
  try {
    return { bytes: await promisify(gunzip)(packed, { maxOutputLength: MOST_BYTES }), etag };
  } catch {
    return { bytes: null, etag };
  }
}

/**
 * Writes unless another run has since the read (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
 * @returns whether it was written
 * @throws where S3 refuses, with the right that is missing where that is why
 */
export async function writeSamplesFile(
  s3: S3,
  bucket: string,
  bytes: Uint8Array,
  etag: string | null,
): Promise<boolean> {
  try {
    const Body = await promisify(gzip)(bytes);
    const unchanged = etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag };
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: SAMPLES_KEY, Body, ...unchanged }));
    return true;
  } catch (error) {
    if (/^(PreconditionFailed|ConditionalRequestConflict)$/.test(errorCode(error))) return false;
    throw isAccessDenied(error) ? withRight(error, 's3:PutObject', bucket) : error;
  }
}

function withRight(error: unknown, right: string, bucket: string): Error {
  const text = `the past of the instances takes the right ${right} on arn:aws:s3:::${bucket}/${SAMPLES_KEY} (${errorText(error)})`;
  const denied = new Error(text, { cause: error });
  denied.name = errorCode(error);
  return denied;
}
