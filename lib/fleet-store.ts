import { type CfnResource, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ENV, SAMPLES_KEY, STATE_KEY } from '../lambda/model/index.ts';
import { isDistributed, type Settings } from '../lambda/settings/index.ts';
import type { CheckNetwork } from './check-network.ts';
import { nagName } from './permissions/index.ts';

/** All runs: their names are made at run time. */
const RUNS = 'runs/*';
/** What a check remembers for the next. */
const REMEMBERED = [STATE_KEY, SAMPLES_KEY];
/** The function by which CDK empties a bucket before CloudFormation deletes it; one for all of a stack's buckets. */
const EMPTIES_BUCKET = 'Custom::S3AutoDeleteObjectsCustomResourceProvider';

/** The bucket of what is remembered between checks, and of a distributed run's files. It goes with the stack. */
export class FleetStore extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [{ prefix: 'runs/', expiration: Duration.days(1) }],
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
    });
    // Its log group would be left behind when the stack is gone, and have no retention: Lambda makes one only for a
    // function that may write logs. CloudFormation shows an error of it among the stack's events anyway.
    const role = Stack.of(this).node.findChild(EMPTIES_BUCKET).node.findChild('Role') as CfnResource;
    role.addPropertyDeletionOverride('ManagedPolicyArns');
    // The same by its general name: an emulator of CloudFormation runs a function for each `Custom::`, or waits for ever.
    const emptied = this.bucket.node.findChild('AutoDeleteObjectsCustomResource').node.defaultChild as CfnResource;
    emptied.addOverride('Type', 'AWS::CloudFormation::CustomResource');
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions::AwsSolutions-S1',
      reason: 'Functions of this stack alone use it, every five minutes; an access log would outgrow what it holds.',
    });
  }

  /** Lets the check function read and write what these settings keep. */
  keepFor(check: LambdaFunction, settings: Settings, network: CheckNetwork | null): void {
    const runs = isDistributed(settings) ? [RUNS] : [];
    this.#allow(check, 'KeepState', REMEMBERED, ['s3:GetObject', 's3:PutObject']);
    if (isDistributed(settings)) {
      this.#allow(check, 'KeepRuns', runs, ['s3:GetObject', 's3:PutObject']);
      Validations.of(check.role ?? check).acknowledge({
        id: `AwsSolutions::AwsSolutions-IAM5[Resource::<${nagName(this.bucket)}.Arn>/${RUNS}]`,
        reason: 'The names of runs are not known at deploy; nothing else is in that folder of the one bucket.',
      });
    }
    this.#open(check, [...REMEMBERED, ...runs], network);
  }

  /** Lets a function read what is remembered, and write nothing. */
  showTo(reader: LambdaFunction, network: CheckNetwork | null): void {
    this.#allow(reader, 'ReadState', REMEMBERED, ['s3:GetObject']);
    this.#open(reader, REMEMBERED, network);
  }

  /** Lets the function that acts note an act, and take a flag away. No flag counts without the tag, which it can't write. */
  noteActs(remedy: LambdaFunction, network: CheckNetwork | null): void {
    this.#allow(remedy, 'NoteActs', [STATE_KEY], ['s3:PutObject']);
    this.showTo(remedy, network);
  }

  #allow(user: LambdaFunction, sid: string, files: readonly string[], actions: string[]): void {
    const resources = files.map((file) => this.bucket.arnForObjects(file));
    user.addToRolePolicy(new PolicyStatement({ sid, actions, resources }));
  }

  #open(user: LambdaFunction, files: readonly string[], network: CheckNetwork | null): void {
    user.addToRolePolicy(
      // Without ListBucket S3 answers AccessDenied for a missing file (API_GetObject.html), and "none yet" would look
      // like a fault. A GetObject has no prefix, so the condition must hold where there is none.
      new PolicyStatement({
        sid: 'SeeMissingFiles',
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLikeIfExists: { 's3:prefix': files } },
      }),
    );
    user.addEnvironment(ENV.bucket, this.bucket.bucketName);
    if (network?.s3Url) user.addEnvironment('AWS_ENDPOINT_URL_S3', network.s3Url);
  }
}
