/**
 * One alert as each protocol of SNS gets it. A person reads the text, in a mail or a message to a phone; Chatbot gets its
 * notification, programs get JSON. A protocol without a key of its own, such as `email`, gets `default`
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html). `application`
 * has no key either: a mobile push is read by people.
 */
import type { Alert } from '../model/index.ts';
import { chatNotificationOf } from './chat.ts';
import { messageOfAlert, type Origin } from './details.ts';
import type { AlertMessage } from './schemas.ts';

/** API_Publish.html: 256 KiB for the message, escapes counted, with its attributes. */
export const SNS_BYTES = 256 * 1024;
/** Three protocols get it. */
const JSON_BYTES = 32 * 1024;
/** A message of 140 characters is not split (sns-mobile-phone-number-as-subscriber.html). */
const SMS_MAX = 140;
/** For names of keys, commas and quotes. */
const STRUCTURE_BYTES = 1024;

/** @param room bytes that the message may have */
export function messageStructure(alert: Alert, origin: Origin, room: number): string {
  const json = jsonWithin(messageOfAlert(alert, origin), JSON_BYTES);
  const chat = JSON.stringify(chatNotificationOf(alert, origin));
  const sms = alert.subject.slice(0, SMS_MAX);
  const taken = 3 * sizeInJson(json) + 2 * sizeInJson(chat) + sizeInJson(sms) + STRUCTURE_BYTES;
  const text = textWithin(alert.body, room - taken);
  return JSON.stringify({ default: text, sms, http: chat, https: chat, sqs: json, lambda: json, firehose: json });
}

/** Bytes of a string once it is a string of JSON. */
const sizeInJson = (text: string): number => Buffer.byteLength(JSON.stringify(text));

/** Entries and acts from the front, as many as fit; acts first, since they are few. */
function jsonWithin(whole: AlertMessage, bytes: number): string {
  let left = bytes - sizeInJson(JSON.stringify({ ...whole, entries: [], acts: [] })) - 20;
  const fitting = <T>(items: readonly T[]): T[] => {
    const end = items.findIndex((item) => {
      left -= sizeInJson(JSON.stringify(item)) + 1;
      return left < 0;
    });
    return end === -1 ? [...items] : items.slice(0, end);
  };
  const acts = fitting(whole.acts);
  const entries = fitting(whole.entries);
  const omitted = { entries: whole.entries.length - entries.length, acts: whole.acts.length - acts.length };
  return JSON.stringify({ ...whole, entries, acts, omitted });
}

const CUT_BYTES = 200;

function textWithin(body: string, bytes: number): string {
  if (sizeInJson(body) <= bytes) return body;
  let left = bytes - CUT_BYTES;
  let end = 0;
  for (const character of body) {
    left -= sizeInJson(character) - 2;
    if (left < 0) break;
    end += character.length;
  }
  return `${body.slice(0, end)}\n\n[cut here: ${body.length - end} of ${body.length} characters are left out]\n`;
}
