import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { stackS3Client } from '../../../bin/stack/s3.ts';

it.each<[string, Readonly<Record<string, string>>, boolean]>([
  ['of an emulator at localhost', { AWS_ENDPOINT_URL: 'http://localhost:5000' }, true],
  [
    'of an emulator for S3 alone',
    { AWS_ENDPOINT_URL: 'https://x.test', AWS_ENDPOINT_URL_S3: 'http://localhost' },
    true,
  ],
  ['of a host whose name only begins so', { AWS_ENDPOINT_URL: 'http://localhost.example.com' }, false],
  ['of a VPC endpoint', { AWS_ENDPOINT_URL_S3: 'https://bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com' }, false],
  ['of AWS', {}, false],
])('the address %s has the bucket in its path: %j, %s', (_, env, isInPath) => {
  const client = stackS3Client(env);
  expect(client instanceof S3Client && client.config.forcePathStyle).toBe(isInPath);
});
