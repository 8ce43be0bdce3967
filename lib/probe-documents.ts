import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { ssmProbeDocument } from '../lambda/probe/index.ts';
import { ssmRestartSshdDocument, ssmRestartWorkerDocument } from '../lambda/remedy/index.ts';

/**
 * What Run Command may run on a watched instance: fixed scripts, so that no role of the stack holds a shell on the fleet.
 *
 * The documents have no name of their own; CloudFormation makes one and keeps it when the script changes, since an
 * update adds a version. A check that runs during a deploy never names a deleted document. Commands name the newest
 * version: that an update moves the default one too is documented, and there is a report that it doesn't
 * (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2539).
 */
export class ProbeDocuments extends Construct {
  readonly probe: CfnDocument;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.probe = commandDocument(this, 'Resource', ssmProbeDocument());
  }
}

/** A construct of its own: the command line finds the probe's document by its name's beginning, and must not find these. */
export class RestartDocuments extends Construct {
  readonly worker: CfnDocument;
  readonly sshd: CfnDocument;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.worker = commandDocument(this, 'Worker', ssmRestartWorkerDocument());
    this.sshd = commandDocument(this, 'Sshd', ssmRestartSshdDocument());
  }
}

const commandDocument = (scope: Construct, id: string, content: object): CfnDocument =>
  new CfnDocument(scope, id, {
    documentType: 'Command',
    documentFormat: 'JSON',
    targetType: '/AWS::EC2::Instance',
    updateMethod: 'NewVersion',
    content,
  });
