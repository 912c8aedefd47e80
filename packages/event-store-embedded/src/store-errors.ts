/** Another process owns the log: it lives (on opening), or it took the log over (on writing). */
export class StoreOwnedElsewhere extends Error {
  override readonly name = 'StoreOwnedElsewhere';
  constructor(
    readonly directory: string,
    readonly owner: { readonly pid: number; readonly host: string } | undefined,
  ) {
    super(
      owner === undefined
        ? `${directory} was taken over by another process`
        : `${directory} is in use by process ${owner.pid} on ${owner.host}`,
    );
  }
}

/** What lies in the directory is no log, or one of a format that this version does not know. */
export class StoreUnreadable extends Error {
  override readonly name = 'StoreUnreadable';
  constructor(
    readonly directory: string,
    readonly reason: string,
    options?: { cause: unknown },
  ) {
    super(`${directory} cannot be opened as an event log: ${reason}`, options);
  }
}

/** What was read contradicts itself: the file was changed from outside, or the disk forgot something. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged';
  constructor(
    readonly position: number,
    readonly detail: string,
  ) {
    super(`the event log is damaged at position ${position}: ${detail}`);
  }
}

/** An export was cut, changed, or is none. */
export class ExportUnusable extends Error {
  override readonly name = 'ExportUnusable';
  constructor(
    readonly line: number,
    readonly detail: string,
  ) {
    super(`the export cannot be used: line ${line}: ${detail}`);
  }
}
