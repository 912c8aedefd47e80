/**
 * Where a log lies on a server that several services share:
 *
 *     shelfmark.book/Book-17              an event stream of the log `shelfmark.book`
 *     shelfmark.book:log                  which log it is
 *     shelfmark.book:snapshots/Book-17    its snapshots
 *
 * The server gives a service only what begins with `shelfmark.book/`, which nothing else does: a name holds no slash and no
 * colon. The prefix has no dash, so that a stream's category, to the server too, is what comes before the first one.
 */
export class LogNames {
  readonly prefix: string;
  readonly record: string;

  constructor(readonly log: string) {
    if (!/^[a-z0-9]+(\.[a-z0-9]+)*$/.test(log))
      throw new TypeError(`${JSON.stringify(log)} cannot be the name of a log`);
    this.prefix = `${log}/`;
    this.record = `${log}:log`;
  }

  stored(stream: string): string {
    return this.prefix + stream;
  }

  stream(stored: string): string {
    return stored.slice(this.prefix.length);
  }

  snapshots(stream: string): string {
    return `${this.log}:snapshots/${stream}`;
  }
}
