export const ssmProbeDocument = () => ({
  schemaVersion: '2.2',
  description: 'x',
  mainSteps: [{ action: 'aws:runShellScript', name: 'probe', inputs: { timeoutSeconds: '60', runCommand: ['true'] } }],
});
