import { it } from 'vitest';
import { sshRoutes } from '../bin/sources/ssh-route.ts';
import { parseSettings } from '../lambda/settings/settings.ts';
it('x', async () => {
  const to = await sshRoutes({}, parseSettings({}), { env: process.env } as never);
  const show = async (h: any) => console.log(JSON.stringify(await to({ name: h.address, login: {}, ...h })));
  await show({ address: 'web1' });
  await show({ address: '10.9.9.7', sshArguments: ['-o', 'ProxyCommand=ssh -i /tmp/b -W %h:%p -q -p 2202 jump@10.1.0.2'] });
  await show({ address: '10.9.9.7', sshArguments: ['-o', 'ProxyCommand=ssh -W [%h]:%p %r@10.1.0.2 2>/dev/null'], login: { user: 'web' } });
  await show({ address: '10.9.9.7', sshArguments: ['-o', 'ProxyCommand=ssh -i x -p 2202 jump@10.1.0.2 busybox nc %h %p'], login: { user: 'web' } });
  await show({ address: '10.9.9.7', sshArguments: ['-o', 'ProxyJump=%r@10.1.0.2'], login: { user: 'web' } });
  await show({ address: '10.9.9.7', sshArguments: ['-o', 'CertificateFile=/x'], login: { user: 'web' } });
  await show({ address: '10.9.9.7', sshArguments: ['-o', 'Ciphers=aes256-ctr'], login: { user: 'web' } });
  await show({ address: '10.9.9.7', sshArguments: ['-N'], login: { user: 'web' } });
  await show({ address: '10.9.9.7', sshArguments: ['-o', 'Foo=1'], login: { user: 'web' } });
});
