/** Asks for what no flag has answered, one question after another. */
import { type Questions, UsageError } from '../terminal/index.ts';
import { type Answers, type Read, readHosts, readMail, readTransport, readWhere } from './answers.ts';

/** Answers by flag; what is absent is asked for. */
export interface GivenAnswers {
  readonly where?: string;
  readonly hosts?: readonly string[];
  readonly mail?: string;
  readonly transport?: string;
}

const WHERE = `Where are your hosts?
  1  aws    EC2 instances, found by their tag and checked on a schedule
  2  hosts  hosts that you name, checked from here over SSH
aws or hosts: `;
const HOSTS = 'Which hosts? [user@]host[:port], several with spaces between: ';
const MAIL = 'Whom to mail? An address; empty for nobody: ';
const TRANSPORT = 'How are they asked, ssm (the Systems Manager agent) or ssh? [ssm] ';

/**
 * @param questions null where there is nobody to ask
 * @throws UsageError where an answer by flag can't be read, or is missing and can't be asked for
 */
export async function findAnswers(given: GivenAnswers, questions: Questions | null): Promise<Answers> {
  const one = async <T>(flag: string, text: string | undefined, prompt: string, read: (text: string) => Read<T>) => {
    if (text !== undefined) {
      const answer = read(text);
      if (answer.ok) return answer.value;
      throw new UsageError(`${flag}: ${answer.why}`);
    }
    if (questions === null) {
      throw new UsageError(`init: there is no terminal to ask on: give ${flag}, as crawlwatch init --help shows`);
    }
    for (;;) {
      const typed = await questions.ask(prompt);
      if (typed === null) throw new UsageError('init: nothing was written');
      const answer = read(typed);
      if (answer.ok) return answer.value;
      questions.say(answer.why);
    }
  };
  const byHosts = given.where === undefined && given.hosts !== undefined ? 'hosts' : given.where;
  const where = await one('--where', byHosts, WHERE, readWhere);
  if (where === 'hosts') {
    return { where, hosts: await one('--hosts', given.hosts?.join(' '), HOSTS, readHosts) };
  }
  const mail = await one('--mail', given.mail, MAIL, readMail);
  return { where, mail, transport: await one('--transport', given.transport, TRANSPORT, readTransport) };
}
