/** `npm run docs:forecast`: measures the forecast on synthetic hosts and writes docs/forecast.md. */
import { writeFileSync } from 'node:fs';
import { forecastPage, forecastTables, PER_FAMILY, scoredHosts } from './page.ts';

writeFileSync('docs/forecast.md', forecastPage(forecastTables(scoredHosts(PER_FAMILY))));
