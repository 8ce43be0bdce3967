/** The documentation that the console shows for the widget. */
import { ROWS_PER_PAGE } from './rows.ts';

export const WIDGET_DOCS = `## crawlwatch: the fleet table
Every instance that carries the watch tag, worst first: status and reason, since when, memory and disk with the last three hours, when they run out, and a button for the remedy that would help: Reboot on those that are flagged, with Unflag beside it, Restart worker and Restart sshd where that is recommended. Pause acting stops every restart and reboot until Resume acting; checks and mails go on.

It only reads. Status, reason and flag come from the instances' own tags; memory and disk from the metrics in the namespace \`Crawlwatch\`, read only for the ${ROWS_PER_PAGE} rows of the page (up to 400 metrics, $0.004, at each refresh).

The buttons call the remedy function, another one, under your own permissions: it checks the instance again, and says what it did or why not. To see the table, a user needs \`lambda:InvokeFunction\` on this function; to use the buttons, on the remedy function as well.

### Parameters
None is needed.
\`\`\` yaml
page: 1
\`\`\`
`;
