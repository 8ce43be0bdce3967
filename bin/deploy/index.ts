/** Deploys crawlwatch with the AWS CDK, which npx fetches where the project has none. */
export { type CdkCall, cdkCall, runCdk } from './cdk.ts';
