/** Keeps a run's files in S3. */

import { GetObjectCommand, type GetObjectCommandOutput, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3 } from '../kit/index.ts';
import { errorCode } from '../kit/index.ts';
import type { Store } from './run.ts';

/** S3 is strongly consistent: what was put is what the next get gives (Welcome.html#ConsistencyModel, S3 guide). */
export function s3Store(s3: S3, bucket: string): Store {
  return {
    put: async (key, text) => {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' }));
    },
    get: async (key) => {
      try {
        const { Body }: GetObjectCommandOutput = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return (await Body?.transformToString()) ?? null;
      } catch (error) {
        if (errorCode(error) === 'NoSuchKey') return null;
        throw error;
      }
    },
  };
}
