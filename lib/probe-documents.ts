import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { ssmProbeDocument } from '../lambda/core/probe-script.ts';

/**
 * What Run Command may run on a watched instance: fixed scripts, so that the check's role holds no shell on the fleet.
 *
 * The documents have no name of their own; CloudFormation makes one and keeps it when the script changes, since an
 * update adds a version and makes it the default. A check that runs during a deploy never names a deleted document.
 */
export class ProbeDocuments extends Construct {
  readonly probe: CfnDocument;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.probe = new CfnDocument(this, 'Resource', {
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      updateMethod: 'NewVersion',
      content: ssmProbeDocument(),
    });
  }
}
