/** The commands for beginning: a first try, a first file, a first deploy. */
export { addDemo } from './demo.ts';
export { addDeploy } from './deploy.ts';
export { addInit } from './init.ts';
