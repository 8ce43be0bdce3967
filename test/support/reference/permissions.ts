/** docs/reference/permissions.md, from the template as it is synthesised. */

import { permissionTable } from '../permission-table.ts';
import { markdownTable } from '../readme-tables.ts';
import { page } from './text.ts';

/** What a person's own policy needs, since these commands run with that person's rights. */
const PEOPLE = markdownTable(
  ['to', 'a person needs'],
  [
    ['see the dashboard', '`lambda:InvokeFunction` on the widget function'],
    ['use its buttons', '`lambda:InvokeFunction` on the remedy function too'],
    [
      'run `plan`, `reboot`, `restart-worker`, `restart-sshd`, `unflag`, `ack`, `pause`, `resume`, `history`',
      '`cloudformation:DescribeStacks`, `ec2:DescribeInstances`, `lambda:InvokeFunction` on the remedy function',
    ],
    [
      'run `flagged`, `why`',
      '`cloudformation:DescribeStacks`, `ec2:DescribeInstances`, `s3:GetObject` on the bucket of the stack',
    ],
    ['run `mute`', '`ec2:DescribeInstances`, `ec2:CreateTags`, and to end a mute `ec2:DeleteTags`'],
    ['run `test-alert`', '`cloudformation:DescribeStacks`, `sns:ListSubscriptionsByTopic`, `sns:Publish`'],
    ['run `forget`', '`cloudformation:DescribeStacks`, `ec2:DescribeInstances`, `ec2:DeleteTags`'],
  ],
);

export const permissionsPage = (): string =>
  page(
    'Permissions',
    'For the person who answers for the AWS account: what crawlwatch may do in it, statement by statement, and why.',
    'Threats, and what limits them: [Security](../security.md).',
    '## What the functions may do',
    'These are all statements of the three roles with every feature switched on. The check can neither restart nor reboot. The remedy function can reboot only instances that carry the reboot flag. `*` is where AWS knows no narrower resource (the Describe actions of EC2, metrics, the reading actions of SSM); a condition on the watch tag or the namespace narrows it where there is one.',
    permissionTable(),
    [
      'Beside them:',
      '',
      '- The schedule may start its one target.',
      '- With `scale` `distributed` the state machine may run the check function, read the list of shards and start its own children.',
      "- A function of CDK's own empties the bucket on `cdk destroy`. It may do that by the policy of that bucket alone ([decision 51](../decisions.md#51)).",
    ].join('\n'),
    'The tests run `cdk-nag` over the stack; each exception has its reason beside it in the code.',
    '## What people need',
    PEOPLE,
    'Grant `lambda:InvokeFunction` on the ARN of the remedy function without an alias. The alias `automatic` is for the check alone.',
  );
