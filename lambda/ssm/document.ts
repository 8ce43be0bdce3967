/** Which of the account's SSM documents is the stack's probe. Functions know it from their environment, a terminal asks. */
import { paginateListDocuments } from '@aws-sdk/client-ssm';
import type { Ssm } from '../kit/index.ts';

/**
 * The name that CloudFormation gave to the stack's `Probe` document; null where there is none. A filtered list may begin
 * with empty pages, and a `Name` filter matches beginnings
 * (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListDocuments.html).
 */
export async function findProbeDocument(ssm: Ssm, stackName: string): Promise<string | null> {
  const Filters = [
    { Key: 'Owner', Values: ['Self'] },
    { Key: 'DocumentType', Values: ['Command'] },
    { Key: 'Name', Values: [`${stackName}-Probe`] },
  ];
  for await (const { DocumentIdentifiers = [] } of paginateListDocuments({ client: ssm }, { Filters })) {
    const [document] = DocumentIdentifiers;
    if (document?.Name !== undefined) return document.Name;
  }
  return null;
}
