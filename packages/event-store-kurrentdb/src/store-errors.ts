/** The first server that appends to several streams at once. */
export const requiredServerVersion = '25.1';

/** A decision over several streams cannot be written to such a server. */
export class ServerTooOld extends Error {
  override readonly name = 'ServerTooOld';
  constructor(
    readonly serverVersion: string,
    readonly requiredVersion: string = requiredServerVersion,
  ) {
    super(
      `the event store's server has version ${serverVersion}; appends to several streams need ${requiredVersion} or newer`,
    );
  }
}

/** The text is no connection string. What is wrong with it is told; what it holds is not, since it may hold a password. */
export class InvalidConnectionString extends Error {
  override readonly name = 'InvalidConnectionString';
  constructor(readonly mistake: string) {
    super(`the connection string of the event store ${mistake}`);
  }
}

/** Nobody answers there. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable';
  constructor(
    readonly server: string,
    options: { cause: unknown },
  ) {
    super(`no event store answers at ${server}`, options);
  }
}

/** The server does not take the credentials. */
export class ServerUnauthorized extends Error {
  override readonly name = 'ServerUnauthorized';
  constructor(readonly server: string) {
    super(`the event store at ${server} does not accept the credentials, or they may not do this`);
  }
}

/** The log is being copied to this server, and the copy has not come to its end. */
export class LogIncomplete extends Error {
  override readonly name = 'LogIncomplete';
  constructor(readonly log: string) {
    super(`the log ${log} is not complete: copying it was begun and not finished`);
  }
}

/** There is something under the log's name already that a copy must not mix with. */
export class LogTaken extends Error {
  override readonly name = 'LogTaken';
  constructor(
    readonly log: string,
    readonly detail: string,
  ) {
    super(`the log ${log} cannot be copied there: ${detail}`);
  }
}

/** What lies in the copy is not what was copied. */
export class CopyDiffers extends Error {
  override readonly name = 'CopyDiffers';
  constructor(
    readonly log: string,
    readonly position: bigint,
    readonly detail: string,
  ) {
    super(`the copy of the log ${log} differs at position ${position}: ${detail}`);
  }
}

/** Somebody else wrote into a stream of the log, and what it is cannot be told. */
export class ForeignEvent extends Error {
  override readonly name = 'ForeignEvent';
  constructor(
    readonly stream: string,
    readonly revision: number,
  ) {
    super(`the event ${revision} of ${stream} was not written by this store`);
  }
}

/** There is no log of this name. */
export class NoSuchLog extends Error {
  override readonly name = 'NoSuchLog';
  constructor(readonly log: string) {
    super(`there is no log ${log} on the server`);
  }
}
