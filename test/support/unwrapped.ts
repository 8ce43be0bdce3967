/** A mail's body with each of its paragraphs on one line, as a person reads it. */
export const unwrapped = (body: string): string => body.replace(/\n {4}(?:\.\. )?/g, ' ');
