/** The snapshot's file in S3, written so that of two runs at once neither loses what the other saw. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { GetObjectCommand, type GetObjectCommandOutput, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3 } from '../kit/index.ts';
import { errorCode } from '../kit/index.ts';
import { SAMPLES_KEY } from '../model/index.ts';

/** A file that unpacks to more than this is none of ours: 2.4 kB a host, 100,000 hosts. */
const MOST_BYTES = 256 * 1024 * 1024;

export interface SnapshotFile {
  /** Unpacked; empty where there is no file yet, or none that can be unpacked. */
  readonly bytes: Uint8Array;
  /** What the next write is conditional on; null: that there is still none. */
  readonly etag: string | null;
}

/** @throws where S3 can't be asked; what is there and can't be unpacked is as if there were nothing */
export async function readSnapshotFile(s3: S3, bucket: string): Promise<SnapshotFile> {
  let object: GetObjectCommandOutput;
  try {
    object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: SAMPLES_KEY }));
  } catch (error) {
    if (errorCode(error) === 'NoSuchKey') return { bytes: new Uint8Array(), etag: null };
    throw error;
  }
  const packed = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
  const etag = object.ETag ?? null;
  try {
    return { bytes: await promisify(gunzip)(packed, { maxOutputLength: MOST_BYTES }), etag };
  } catch {
    return { bytes: new TextEncoder().encode('no gzip'), etag };
  }
}

/**
 * Writes unless somebody else has since the read (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
 * @returns whether it was written
 */
export async function writeSnapshotFile(
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
    throw error;
  }
}
