/** The maintenance window as a setting; kit/window.ts reads it, as it reads the windows of mutes. */
import * as z from 'zod';
import { readWindow, WINDOW_GRAMMAR } from '../kit/index.ts';

/** `Mon-Fri 02:00-05:00 Europe/Berlin`; every day where none is named; over midnight where it ends before it begins. */
export const maintenanceWindow = z
  .string()
  .regex(WINDOW_GRAMMAR, { abort: true })
  .superRefine((got, context) => {
    const read = readWindow(got);
    if (read.kind === 'bad') context.addIssue({ code: 'custom', message: read.expected, params: { got } });
  });
