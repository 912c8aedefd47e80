import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readyAt } from './replica.js';

export interface Answered {
  readonly status: number;
  readonly position: string | undefined;
  readonly body: string;
}

interface Edge {
  readonly url: string;
  readonly agent: Agent;
  isReady: boolean;
}

const lookEveryMs = 100;

/**
 * Spreads requests over several edges as a load balancer does: it keeps connections, asks each edge whether it is ready, and where a
 * connection is refused it takes the next one. A request that was begun on a connection is never sent again.
 */
export class LoadBalancer {
  readonly #edges: Edge[] = [];
  readonly #closed = new AbortController();
  #turn = 0;

  /** @param token what each request shows */
  constructor(private readonly token: string) {
    void this.#look();
  }

  add(url: string): void {
    this.#edges.push({ url, agent: new Agent({ keepAlive: true }), isReady: true });
  }

  close(): void {
    this.#closed.abort();
    for (const { agent } of this.#edges) agent.destroy();
  }

  /** @throws what befell the connection */
  async send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: object,
  ): Promise<Answered> {
    const refusing = new Set<Edge>();
    for (;;) {
      const listening = this.#edges.filter((edge) => !refusing.has(edge));
      const ready = listening.filter(({ isReady }) => isReady);
      // Where none says that it is, as when the machine stood still for as long as they wait for their checks, each is asked.
      const choice = ready.length > 0 ? ready : listening;
      const edge = choice[this.#turn++ % choice.length];
      if (!edge) throw new Error('no edge takes connections');
      try {
        return await exchange(edge, method, path, { authorization: `Bearer ${this.token}`, ...headers }, body);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
        edge.isReady = false;
        refusing.add(edge);
      }
    }
  }

  async #look(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      await Promise.all(
        this.#edges.map(async (edge) => {
          edge.isReady = (await readyAt(edge.url)) !== undefined;
        }),
      );
      await delay(lookEveryMs);
    }
  }
}

function exchange(
  { url, agent }: Edge,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: object | undefined,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url + path,
      { agent, method, headers: { ...(body && { 'content-type': 'application/json' }), ...headers } },
      (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('error', reject);
        response.once('end', () => {
          const position = response.headers['shelfmark-position'];
          resolve({
            status: response.statusCode!,
            body: text,
            position: typeof position === 'string' ? position : undefined,
          });
        });
      },
    );
    sent.once('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}
