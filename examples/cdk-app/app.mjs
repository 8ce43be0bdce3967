import { App, Stack } from 'aws-cdk-lib';
import { Crawlwatch } from 'crawlwatch/cdk';

const stack = new Stack(new App(), 'Monitoring');
new Crawlwatch(stack, 'Crawlwatch', { settings: { alertEmail: 'you@example.com' } });
