import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ENV, SAMPLES_KEY } from '../lambda/model/index.ts';
import { isDistributed, keepsSnapshot, type Settings } from '../lambda/settings/index.ts';
import type { CheckNetwork } from './check-network.ts';
import { nagName } from './wildcards.ts';

/** All runs: their names are made at run time. */
const RUNS = 'runs/*';

/** The bucket of a distributed run's files, and of the snapshot that replaces metrics of single instances. */
export class FleetStore extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [
        { prefix: 'runs/', expiration: Duration.days(1) },
        // Each check overwrites it, so it expires a month after the last check.
        { prefix: 'snapshot/', expiration: Duration.days(30) },
      ],
      // A bucket with files in it can't be deleted, and to empty it would take a function with the right to delete. The
      // files expire within a month.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions::AwsSolutions-S1',
      reason: 'Functions of this stack alone use it, every five minutes; an access log would outgrow what it holds.',
    });
  }

  /** Lets the check function read and write what these settings keep. */
  keepFor(check: LambdaFunction, settings: Settings, network: CheckNetwork | null): void {
    if (isDistributed(settings)) {
      this.#allow(check, 'KeepRuns', RUNS, ['s3:GetObject', 's3:PutObject']);
      Validations.of(check.role ?? check).acknowledge({
        id: `AwsSolutions::AwsSolutions-IAM5[Resource::<${nagName(this.bucket)}.Arn>/${RUNS}]`,
        reason: 'The names of runs are not known at deploy; nothing else is in that folder of the one bucket.',
      });
    }
    if (keepsSnapshot(settings)) this.#allow(check, 'KeepSnapshot', SAMPLES_KEY, ['s3:GetObject', 's3:PutObject']);
    this.#open(check, network);
  }

  /** Lets a function read the snapshot, and write nothing. */
  showSnapshot(reader: LambdaFunction, network: CheckNetwork | null): void {
    this.#allow(reader, 'ReadSnapshot', SAMPLES_KEY, ['s3:GetObject']);
    this.#open(reader, network);
  }

  #allow(user: LambdaFunction, sid: string, files: string, actions: string[]): void {
    user.addToRolePolicy(new PolicyStatement({ sid, actions, resources: [this.bucket.arnForObjects(files)] }));
  }

  #open(user: LambdaFunction, network: CheckNetwork | null): void {
    user.addToRolePolicy(
      // Without ListBucket S3 answers AccessDenied for a missing file (API_GetObject.html), and "none yet" would look
      // like a fault.
      new PolicyStatement({ sid: 'SeeMissingFiles', actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] }),
    );
    user.addEnvironment(ENV.bucket, this.bucket.bucketName);
    if (network?.s3Url) user.addEnvironment('AWS_ENDPOINT_URL_S3', network.s3Url);
  }
}
