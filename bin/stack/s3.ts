/** The client for the stack's bucket, of AWS or of an emulator. */
import { type S3, s3Client } from '../../lambda/kit/index.ts';

/** At an emulator's `localhost` the bucket goes into the path: no DNS has to know `BUCKET.localhost`. */
export function stackS3Client({ AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL }: NodeJS.ProcessEnv): S3 {
  const endpoint = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL ?? '';
  return s3Client(/^https?:\/\/localhost(?=[:/]|$)/.test(endpoint));
}
