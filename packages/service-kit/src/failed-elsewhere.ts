import type { CommandReply } from '@shelfmark/messaging';

type Failure = Extract<CommandReply, { failure: unknown }>['failure'];

/** Another service could not do what this one asked of it, and said so. */
export class FailedElsewhere extends Error {
  override readonly name = 'FailedElsewhere';
  constructor(
    readonly command: string,
    readonly failure: Failure,
  ) {
    super(`${command} failed: ${failure.name}`);
  }
}
