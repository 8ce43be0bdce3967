/** What each function may do, as IAM statements, and why their wildcards are there. */
export {
  type CheckResources,
  checkStatements,
  discoverInstances,
  invokeRemedy,
  pushSshKey,
  readConsole,
  readInstances,
  readMetrics,
  runProbe,
  usesInstanceConnect,
  writeOwnTags,
} from './check.ts';
export { assumeMembers, memberDocumentArn, watchedInstances } from './reach.ts';
export { remedyStatements } from './remedy.ts';
export { acknowledgeWildcards, nagName } from './wildcards.ts';
