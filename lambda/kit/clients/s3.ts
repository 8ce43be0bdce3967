import { S3Client } from '@aws-sdk/client-s3';
import { clientConfig } from './config.ts';

export type S3 = Pick<S3Client, 'send'>;

/** @param forcePathStyle the bucket goes into the path, not into the host's name */
export const s3Client = (forcePathStyle = false): S3Client => new S3Client({ ...clientConfig(), forcePathStyle });
