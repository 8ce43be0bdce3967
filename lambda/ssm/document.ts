/** Which of the account's SSM documents is the stack's probe. Functions are told by their environment; people aren't. */
import { ListDocumentsCommand } from '@aws-sdk/client-ssm';
import type { Ssm } from '../kit/index.ts';

/**
 * The name that CloudFormation gave to the stack's `Probe` document; null where there is none.
 * A `Name` filter matches beginnings (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListDocuments.html).
 */
export async function findProbeDocument(ssm: Ssm, stackName: string): Promise<string | null> {
  const { DocumentIdentifiers = [] } = await ssm.send(
    new ListDocumentsCommand({
      Filters: [
        { Key: 'Owner', Values: ['Self'] },
        { Key: 'DocumentType', Values: ['Command'] },
        { Key: 'Name', Values: [`${stackName}-Probe`] },
      ],
    }),
  );
  return DocumentIdentifiers[0]?.Name ?? null;
}
