/** The sandbox's S3: one bucket of objects, with conditional writes. */
import { GetObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { Service } from './aws-service.ts';

export interface SandboxBucket {
  readonly name: string;
  readonly objects: Map<string, { readonly bytes: Uint8Array; readonly etag: string }>;
}

export function sandboxS3(bucket: SandboxBucket): Service {
  const service = new Service(S3ServiceException);
  let writes = 0;
  const checkBucket = (name: string | undefined): void => {
    if (name !== bucket.name) throw service.error('NoSuchBucket', 'The specified bucket does not exist');
  };

  service.on(GetObjectCommand, ({ Bucket, Key = '' }) => {
    checkBucket(Bucket);
    const object = bucket.objects.get(Key);
    if (object === undefined) throw service.error('NoSuchKey', 'The specified key does not exist.');
    const Body = {
      transformToByteArray: async () => object.bytes,
      transformToString: async () => Buffer.from(object.bytes).toString('utf8'),
    };
    return { Body: Body as never, ETag: object.etag };
  });

  service.on(PutObjectCommand, ({ Bucket, Key = '', Body, IfMatch, IfNoneMatch }) => {
    checkBucket(Bucket);
    const held = bucket.objects.get(Key);
    if ((IfNoneMatch === '*' && held !== undefined) || (IfMatch !== undefined && held?.etag !== IfMatch)) {
      throw service.error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    }
    writes += 1;
    const etag = `"${writes}"`;
    bucket.objects.set(Key, { bytes: Buffer.from(Body as Uint8Array | string), etag });
    return { ETag: etag };
  });
  return service;
}
