/** `crawlwatch test-alert`: a test mail by way of the deployed stack's topic, and who of its subscribers gets it. */

import { listSubscriptions, publishAlert } from '../../lambda/alert/index.ts';
import { cloudFormationClient, forTerminal, plural, snsClient } from '../../lambda/kit/index.ts';
import { stackOutputs } from '../stack/index.ts';
import { type CommandIo, EXIT_UNKNOWN, explainAwsError, terminalStyle, UsageError } from '../terminal/index.ts';

export interface TestAlertFlags {
  readonly stack: string;
}

const RED = '\u001b[31m';
const PLAIN = '\u001b[0m';

/** @returns 0 where somebody gets the mail, else 3: AWS takes a mail for nobody without a word. */
export async function testAlert({ stack }: TestAlertFlags, io: CommandIo): Promise<number> {
  try {
    const topicArn = (await stackOutputs(cloudFormationClient(), stack))?.AlertsTopicArn;
    if (topicArn === undefined) {
      throw new UsageError(
        `no stack ${stack} of crawlwatch here: npx cdk deploy, or --stack NAME, or another AWS_REGION`,
      );
    }
    const sns = snsClient(topicArn.split(':')[3]);
    const subscriptions = await listSubscriptions(sns, topicArn);
    await publishAlert(sns, topicArn, {
      subject: `crawlwatch: test of ${stack}`,
      body: `This is a test, sent by crawlwatch test-alert to the topic of ${stack}. Its alerts arrive this way. Nothing is to be done.\n`,
      attributes: { status: 'OK', reasons: [], instanceIds: [] },
    });
    const { colour } = terminalStyle(io.stdout, io.env);
    const red = (text: string) => (colour ? `${RED}${text}${PLAIN}` : text);
    for (const { protocol, endpoint, confirmed } of subscriptions) {
      const who = `${protocol} ${forTerminal(endpoint)}`;
      io.stdout.write(
        `${confirmed ? `confirmed    ${who}` : red(`UNCONFIRMED  ${who}: gets nothing; confirm AWS's mail, or deploy again for a new one after two days`)}\n`,
      );
    }
    const reached = subscriptions.filter(({ confirmed }) => confirmed).length;
    io.stdout.write(
      reached > 0
        ? `Sent to ${plural(reached, 'subscriber')} of ${topicArn}\n`
        : `${red('NOBODY gets the alerts')}: no confirmed subscription on ${topicArn}; npx cdk deploy -c alertEmail=you@example.com, and confirm the mail\n`,
    );
    return reached > 0 ? 0 : EXIT_UNKNOWN;
  } catch (error) {
    throw explainAwsError(error) ?? error;
  }
}
