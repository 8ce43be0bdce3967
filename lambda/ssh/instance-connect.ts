/** EC2 Instance Connect: a key pair of one run, whose public half an instance accepts for 60 seconds. */
import { SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';
import pLimit from 'p-limit';
import type { InstanceConnect } from '../kit/index.ts';
import { errorCode, errorText, isAccessDenied } from '../kit/index.ts';
import type { Instance } from '../model/index.ts';
import { type Failure, failure, quote } from './failures.ts';
import { newKeyPair } from './keys.ts';
import type { PushKey } from './transport.ts';

/** AWS publishes no rate; what it throttles, the client's adaptive retry spreads. */
const PUSHES_AT_ONCE = 20;

/**
 * A fresh key and the call that pushes it to an instance: options of the SSH transport.
 * https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html
 *
 * @param clientOf the client to the instance's own account and Region
 */
export function instanceConnect(clientOf: (instance: Instance) => InstanceConnect): {
  readonly privateKey: string;
  readonly pushKey: PushKey;
} {
  const key = newKeyPair();
  const limit = pLimit(PUSHES_AT_ONCE);
  const push = async (instance: Instance, signal: AbortSignal): Promise<Failure | null> => {
    const { id, login } = instance;
    try {
      if (signal.aborted) return late;
      const { Success } = await clientOf(instance).send(
        new SendSSHPublicKeyCommand({ InstanceId: id, InstanceOSUser: login.user, SSHPublicKey: key.public }),
        { abortSignal: signal },
      );
      return Success === false ? failure('NotChecked', 'EC2 Instance Connect did not take the key.') : null;
    } catch (error) {
      return signal.aborted ? late : refusal(error, login.user);
    }
  };
  return { privateKey: key.private, pushKey: (instance, signal) => limit(push, instance, signal) };
}

const late = failure('NotChecked', 'EC2 Instance Connect did not take the key in time; the host was not asked.');

/** No connection was made: whatever the error is, it says nothing about the host. */
function refusal(error: unknown, user: string): Failure {
  const said = `EC2 Instance Connect did not take the key for ${quote(user)}, ${quote(errorText(error))}`;
  const code = errorCode(error);
  if (code === 'AuthException' || isAccessDenied(error)) {
    const fix = 'the role may push it for the user of the setting ssh.user only, to instances with the watch tag';
    return failure('AuthenticationFailed', `${said}; ${fix}.`);
  }
  if (code === 'EC2InstanceNotFoundException' || code === 'EC2InstanceStateInvalidException') {
    return failure('HostUnreachable', `${said}; it was stopped or terminated a moment ago.`);
  }
  return failure('NotChecked', `${said}; the host was not asked.`);
}
