import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, get } from 'node:http';

/** A message as a browser would dispatch it. */
export interface Message {
  readonly id: string;
  readonly event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test says itself what it expects in it
  readonly data: any;
}

/** Listens as a browser does (HTML, 9.2.6), and keeps what it hears. */
export class Listener {
  readonly messages: Message[] = [];
  /** What a browser would send as `Last-Event-ID` when it comes back. */
  lastEventId = '';
  /** Whether the answer came to its own end, or was cut off; `undefined` while it goes on. */
  ended: 'inOrder' | 'cutOff' | undefined;
  #text = '';

  private constructor(private readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    response.on('end', () => (this.ended ??= 'inOrder'));
    response.on('error', () => (this.ended ??= 'cutOff'));
  }

  /** @param token that of who listens */
  static async open(url: string, token: string, lastEventId?: string): Promise<Listener> {
    const headers = {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    };
    const request = get(url, { headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new Listener(response);
  }

  get status(): number {
    return this.response.statusCode!;
  }

  get headers(): IncomingHttpHeaders {
    return this.response.headers;
  }

  /** Reads no more for now. */
  pause(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }

  close(): void {
    this.response.destroy();
  }

  #read(chunk: string): void {
    const blocks = (this.#text + chunk).split('\n\n');
    this.#text = blocks.pop()!;
    for (const block of blocks) {
      let event = 'message';
      let data = '';
      for (const line of block.split('\n')) {
        const [, field, value] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
        if (field === 'id') this.lastEventId = value!;
        if (field === 'event') event = value!;
        if (field === 'data') data += value!;
      }
      if (data !== '') this.messages.push({ id: this.lastEventId, event, data: JSON.parse(data) as unknown });
    }
  }
}
