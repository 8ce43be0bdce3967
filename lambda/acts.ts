/** Something that was done to an instance, as the record of recent acts has it. */
export interface Act {
  readonly remedy: 'reboot';
  readonly instanceId: string;
  readonly at: Date;
}
