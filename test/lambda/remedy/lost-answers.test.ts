import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ec2OnceClient, snsOnceClient, ssmOnceClient } from '../../../lambda/kit/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { remedyPorts } from '../../../lambda/wiring/remedy.ts';
import { ID, OTHER, RemedyStack } from '../../support/remedy-stack.ts';
import { NOTE } from '../../support/remembered.ts';
import { WORKER_TAG } from '../../support/sandbox-fleet.ts';
import { unwrapped } from '../../support/unwrapped.ts';

/** Enough for a machine that does much else. */
const PATIENCE_MS = 1_500;
const NEW_BOOT = '99999999-0000-4000-8000-000000000000';
const OLD_BOOT = '1a2b3c4d-0000-4000-8000-000000000000';

type Way = (response: ServerResponse) => void;
/** After the request was taken, and whatever it asks for was done. */
const LOST: Readonly<Record<string, Way>> = {
  'the connection is closed': (response) => void response.destroy(),
  'the connection is reset': (response) => void response.socket?.resetAndDestroy(),
  'the answer breaks off': (response) => {
    response.writeHead(200, { 'content-type': 'text/xml', 'content-length': '5000' }).write('<Resp');
    setTimeout(() => response.socket?.resetAndDestroy(), 20);
  },
  'the answer comes after the time-out': (response) => {
    setTimeout(() => response.destroy(), 2 * PATIENCE_MS);
  },
  'a 500 comes': (response) => void response.writeHead(500).end(failure('InternalError')),
  'a 503 comes': (response) => void response.writeHead(503).end(failure('Unavailable')),
  'a 503 without a word comes': (response) => void response.writeHead(503).end(),
  'a 502 of a proxy comes': (response) => void response.writeHead(502).end('<html>Bad Gateway</html>'),
};
const REFUSED: Readonly<Record<string, readonly [Way, 'refused' | 'throttled']>> = {
  'IAM refuses': [(response) => void response.writeHead(403).end(failure('UnauthorizedOperation')), 'refused'],
  'its state refuses': [(response) => void response.writeHead(400).end(failure('IncorrectInstanceState')), 'refused'],
  'EC2 throttles': [(response) => void response.writeHead(503).end(failure('RequestLimitExceeded')), 'throttled'],
};

/** As EC2 and SNS say it; over SSM's JSON the same code. */
function failure(code: string): string {
  return `<?xml version="1.0"?><Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors></Response>`;
}

const close: (() => void)[] = [];
afterEach(() => {
  for (const each of close.splice(0)) each();
  vi.unstubAllEnvs();
});

/** A stack whose acts and mails go out by the SDK's own clients, to a server that answers in that way. */
async function stackBehind(way: Way, whenTaken: (action: string) => void = () => {}) {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const action = actionOf(request, body);
    requests.push(action);
    whenTaken(action);
    way(response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  close.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  vi.stubEnv('AWS_ENDPOINT_URL', `http://localhost:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const once = { ec2: ec2OnceClient('us-east-1', PATIENCE_MS), ssm: ssmOnceClient('us-east-1', PATIENCE_MS) };
  return { requests, once, sns: snsOnceClient('us-east-1', PATIENCE_MS) };
}

function actionOf(request: IncomingMessage, body: string): string {
  const target = request.headers['x-amz-target'];
  return typeof target === 'string' ? (target.split('.')[1] ?? '') : (new URLSearchParams(body).get('Action') ?? '');
}

async function flaggedBehind(way: Way) {
  const { requests, once } = await stackBehind(way);
  const stack = new RemedyStack(2).flag(1);
  stack.clients = { once };
  return { stack, requests };
}
const answersWith = (stack: RemedyStack, bootId: string, uptimeSeconds: number) => {
  stack.fleet.host(1, { bootId, uptimeSeconds });
  stack.instance(1).status = 'ok';
};

describe.each(Object.entries(LOST))('a reboot that EC2 has taken, where %s', (_, way) => {
  it('is asked for once and begun on record; a new boot id shows that it worked', async () => {
    const { stack, requests } = await flaggedBehind(way);
    await stack.auto();
    expect(requests).toEqual(['RebootInstances']);
    expect((await stack.record()).acts).toMatchObject([{ instanceId: ID, state: 'begun', boot: '1a2b3c4d' }]);
    expect((await stack.history()).map(({ outcome }) => outcome)).toEqual(['begun']);
    expect(unwrapped(stack.mails.at(-1)?.body ?? '')).toContain('Whether it was executed is not known yet.');

    // The person who asks again, and the next flagged host, wait for what becomes of it.
    expect(await stack.reboot()).toMatchObject({ done: false, decisions: [{ heldBy: 'grace' }] });
    stack.flag(2);
    expect(await stack.reboot(OTHER)).toMatchObject({ decisions: [{ heldBy: 'in-flight' }] });

    answersWith(stack, NEW_BOOT, 60);
    stack.fleet.host(2, {});
    await stack.fleet.check(5);
    await stack.auto();
    expect((await stack.record()).acts).toMatchObject([{ instanceId: ID, state: 'worked' }]);
    expect(unwrapped(stack.mails.at(-1)?.body ?? '')).toContain('helped: it came back with a new boot id');
    expect(requests).toEqual(['RebootInstances']);
  });

  it('did not help where the same boot answers, and is given up where nothing does', async () => {
    for (const isBack of [true, false]) {
      const { stack, requests } = await flaggedBehind(way);
      await stack.auto();
      if (isBack) answersWith(stack, OLD_BOOT, 900_000);
      for (let n = 0; n < 4; n++) {
        await stack.fleet.check(5);
        await stack.auto();
      }
      expect((await stack.record()).acts).toMatchObject([{ instanceId: ID, state: 'failed' }]);
      const said = stack.mails.map(({ body }) => unwrapped(body)).join('\n');
      expect(said).toMatch(
        isBack
          ? /It is not known whether the reboot of 08:00 UTC was executed: .*same boot id/
          : /It is not known whether the reboot of 08:00 UTC was executed: it still hangs/,
      );
      expect(requests).toEqual(['RebootInstances']);
    }
  });
});

describe.each(Object.entries(REFUSED))('a reboot, where %s', (_, [way, undone]) => {
  it('is asked for once, and known not to have happened', async () => {
    const { stack, requests } = await flaggedBehind(way);
    await stack.auto();
    expect(requests).toEqual(['RebootInstances']);
    expect((await stack.record()).acts).toMatchObject([{ state: 'failed', undone }]);
    expect(stack.mails.at(-1)?.body).toContain('COULD NOT BE DONE');
    expect(stack.fleet.tags(1)).not.toHaveProperty(TAG.acted);
  });
});

describe.each(Object.entries(LOST))('a restart that SSM has taken, where %s', (_, way) => {
  it('is asked for once, begun on record, and settled by what the checks see', async () => {
    const { requests, once } = await stackBehind(way);
    const stack = new RemedyStack(1).tag(1, {
      ...WORKER_TAG,
      [TAG.auto]: 'restart',
      [TAG.status]: 'CRITICAL:WorkerDown',
      [NOTE.since]: '2026-11-22T07:50:00Z',
    });
    stack.fleet.host(1, { unit: 'sidekiq.service failed 0' });
    const { aws } = stack.fleet;
    aws.manage(ID, async () => '');
    stack.clients = { once, restartDocuments: { worker: aws.documentName, sshd: aws.documentName } };
    const { execute } = remedyPorts(stack.world);
    const overSsm: typeof execute = (remedy, one, seen) =>
      execute(remedy, one, { ...seen, report: { ...seen.report, transport: 'ssm' } });
    stack.ports = { execute: overSsm };
    await stack.auto();
    expect(requests).toEqual(['SendCommand']);
    expect((await stack.record()).acts).toMatchObject([{ remedy: 'restart-worker', state: 'begun' }]);
    await stack.wait(2).auto();
    stack.fleet.host(1, { unit: 'sidekiq.service active 0' });
    await stack.fleet.check(5);
    await stack.auto();
    expect((await stack.record()).acts).toMatchObject([{ remedy: 'restart-worker', state: 'worked' }]);
    expect(requests).toEqual(['SendCommand']);
  });
});

describe.each(Object.entries(LOST))('a mail that SNS has taken, where %s', (_, way) => {
  it('is sent once in a run; the act is on record once', async () => {
    const { requests, sns } = await stackBehind(way);
    const stack = new RemedyStack(1).flag(1);
    // The other calls on the topic only read.
    stack.clients = { sns: async () => sns };
    const answer = await stack.auto();
    expect(answer.problems).toEqual([expect.stringMatching(/^the mail: /)]);
    expect(requests.filter((action) => action === 'Publish')).toHaveLength(1);
    expect((await stack.record()).acts).toMatchObject([{ state: 'done' }]);
    expect(stack.rebooted).toEqual([ID]);
  });
});

describe('a restart that SSM refuses', () => {
  it.each([
    ['InvalidDocument', 'refused'],
    ['ThrottlingException', 'throttled'],
  ] as const)('was not begun: %s', async (code, undone) => {
    const { once, requests } = await stackBehind(
      (response) =>
        void response
          .writeHead(400, { 'content-type': 'application/x-amz-json-1.1' })
          .end(JSON.stringify({ __type: code })),
    );
    const stack = new RemedyStack(1);
    stack.fleet.aws.manage(ID, async () => '');
    const name = stack.fleet.aws.documentName;
    stack.clients = { once, restartDocuments: { worker: name, sshd: name } };
    const { describeInstance, execute } = remedyPorts(stack.tag(1, WORKER_TAG).world);
    const seen = { report: { transport: 'ssm' } } as Parameters<typeof execute>[2];
    expect(await execute('restart-worker', await describeInstance(ID), seen)).toMatchObject({ ok: false, undone });
    expect(requests).toEqual(['SendCommand']);
  });
});
