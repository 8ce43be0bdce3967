/** `crawlwatch test-alert`: a test mail through the deployed stack's topic, and which of its subscribers get it. */
import { forTerminal } from '../../lambda/kit/index.ts';
import { type CommandIo, EXIT_UNKNOWN, explainAwsError, UsageError } from '../terminal/index.ts';
import { addStackCommand, type CommandLine } from './grammar.ts';

const HELP = `
Examples:
  crawlwatch test-alert
  AWS_REGION=eu-west-1 crawlwatch test-alert --stack CrawlwatchProd`;

interface TestAlertFlags {
  readonly stack: string;
}

const RED = '\u001b[31m';
const PLAIN = '\u001b[0m';

export function addTestAlert(line: CommandLine): void {
  addStackCommand(line, 'test-alert', "send a test mail through the deployed stack's topic, and say who gets it")
    .addHelpText('after', HELP)
    .action(async (flags: TestAlertFlags) => line.exit(await testAlert(flags, line.io)));
}

/** @returns 0 where somebody gets the mail, else 3: AWS accepts a mail to nobody without an error. */
async function testAlert({ stack }: TestAlertFlags, io: CommandIo): Promise<number> {
  const { cloudFormationClient, plural, snsOnceClient } = await import('../../lambda/kit/index.ts');
  const { howToSubscribe, listSubscriptions, publishAlert } = await import('../../lambda/alert/index.ts');
  const { stackOutputs } = await import('../stack/index.ts');
  const { masked, terminalStyle } = await import('../terminal/index.ts');
  try {
    const topicArn = (await stackOutputs(cloudFormationClient(), stack))?.AlertsTopicArn;
    if (topicArn === undefined) {
      throw new UsageError(
        `no stack ${stack} of crawlwatch here: crawlwatch deploy, or --stack NAME, or another AWS_REGION`,
      );
    }
    const sns = snsOnceClient(topicArn.split(':')[3]);
    const subscriptions = await listSubscriptions(sns, topicArn);
    const alert = {
      subject: `crawlwatch: test of ${stack}`,
      body: `This is a test, sent by crawlwatch test-alert to the topic of ${stack}. Its alerts arrive this way. Nothing is to be done.\n`,
      attributes: { status: 'OK' as const, reasons: [], instanceIds: [] },
      entries: [],
      acts: null,
    };
    await publishAlert(sns, topicArn, alert, stack);
    const { colour } = terminalStyle(io.stdout, io.env);
    const red = (text: string) => (colour ? `${RED}${text}${PLAIN}` : text);
    const advice = (state: 'pending' | 'none', address?: string) => {
      const { text, command } = howToSubscribe(topicArn, state, address);
      return forTerminal(`${text} ${command}`);
    };
    for (const { protocol, endpoint, confirmed } of subscriptions) {
      // The path of a web address may be all that protects it.
      const who = `${protocol} ${forTerminal(/^https?:/.test(endpoint) ? masked(endpoint) : endpoint)}`;
      const todo =
        protocol === 'email'
          ? advice('pending', endpoint)
          : 'have its owner confirm it: SNS has sent it a SubscriptionConfirmation';
      io.stdout.write(
        `${confirmed ? `confirmed    ${who}` : `${red(`UNCONFIRMED  ${who}: gets nothing`)}; ${todo}`}\n`,
      );
    }
    const reached = subscriptions.filter(({ confirmed }) => confirmed).length;
    io.stdout.write(
      reached > 0
        ? `Sent to ${plural(reached, 'subscriber')} of ${topicArn}\n`
        : `${red('NOBODY gets the alerts')}: no confirmed subscription on ${topicArn}${subscriptions.length === 0 ? `; ${advice('none')}` : ''}\n`,
    );
    return reached > 0 ? 0 : EXIT_UNKNOWN;
  } catch (error) {
    throw explainAwsError(error) ?? error;
  }
}
