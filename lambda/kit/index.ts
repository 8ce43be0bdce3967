/** Text, escaping, time, errors, the log and the SDK's clients. Knows nothing of hosts. */
export { apiBudget, BUDGETS, withBudget } from './api-budget.ts';
export { bisect, chunks } from './batches.ts';
export {
  type CloudFormation,
  type CloudWatch,
  type Credentials,
  clientConfig,
  cloudFormationClient,
  cloudWatchClient,
  type DynamoDb,
  dynamoDbClient,
  type Ec2,
  type EventBridge,
  ec2Client,
  ec2OnceClient,
  eventBridgeClient,
  type InstanceConnect,
  instanceConnectClient,
  type Lambda,
  lambdaClient,
  lambdaOnceClient,
  late,
  type Once,
  patientLambdaClient,
  type S3,
  type Sns,
  type Ssm,
  s3Client,
  secretsManagerClient,
  snsClient,
  snsOnceClient,
  ssmClient,
  ssmOnceClient,
} from './clients/index.ts';
export {
  deniesAnInstance,
  errorCode,
  errorText,
  isAccessDenied,
  isRefusal,
  isThrottle,
  messageOf,
  orThrow,
} from './errors.ts';
export { forTerminal, inertJson, plainWords, printableAscii, quote, quoteWords, shellWord } from './escape.ts';
export { Html, html, type Insert } from './html.ts';
export { createLog } from './log.ts';
export { ownLimit } from './own-limit.ts';
export { secretIn, shown, withoutSecrets } from './redact.ts';
export { packedFiles, packedPieces, packedReader, unpacked } from './s3.ts';
export { isoSeconds, parseInstant, parseStamp } from './time.ts';
export {
  isOpen,
  isTimeZone,
  nextClosing,
  nextOpening,
  parseWindow,
  type RecurringWindow,
  readWindow,
  WINDOW_GRAMMAR,
} from './window.ts';
export {
  calendarDay,
  clockTime,
  duration,
  endpointOf,
  GIB,
  gib,
  inWords,
  minutesBetween,
  percent,
  plural,
  quoted,
  timesIn,
} from './wording.ts';
