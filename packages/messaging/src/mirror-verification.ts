import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Chain, type MirrorIdentity } from './chain.js';
import { ConnectionLost, Connectivity } from './connectivity.js';
import { MalformedMessage } from './malformed-message.js';
import { type ChainLink, chainLinkOf } from './message.js';
import { type Mirror, verifySubject } from './mirror-stream.js';
import { pullStream } from './pull.js';
import { receivedHeaders } from './received-headers.js';

/** What a relay answers to somebody who saw a gap. */
export interface Verification {
  /** The generation that was walked; `undefined` when there was none, or the walk could not be finished. */
  readonly generation?: number;
  /** Whether its whole chain holds together; if not, the next generation is under way. */
  readonly intact: boolean;
}

/** Longer than most walks take. Who asks again is answered by the same walk. */
const answerTimeoutMs = 15_000;

/**
 * Asks the relay of a mirror to walk the whole chain. Resolves when it has, and in any case in a while: there may be no
 * relay, or the connection is lost, or the signal aborts. Whoever asked looks at the mirror again then.
 */
export async function askForVerification(
  connection: NatsConnection,
  service: string,
  signal: AbortSignal,
): Promise<void> {
  const given = AbortSignal.any([signal, Connectivity.of(connection).lost]);
  if (given.aborted) return;
  const answer = connection.request(verifySubject(service), undefined, { timeout: answerTimeoutMs });
  const givenUp = new Promise<void>((resolve) => given.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([answer, givenUp]).catch(() => undefined);
}

/** What a walk found: where the chain breaks, or its last link (none in an empty mirror). */
export type Walk = { readonly fault: string } | { readonly last: ChainLink | undefined };

/**
 * Walks the chain of a mirror from a sequence on up to where it ended when it was found.
 * @throws ConnectionLost when the walk could not be finished
 */
export async function walkMirror(
  connection: NatsConnection,
  jetstream: JetStreamManager,
  { stream, lastSequence, identity }: Mirror & { readonly identity: MirrorIdentity },
  { from, signal }: { readonly from: number; readonly signal: AbortSignal },
): Promise<Walk> {
  if (lastSequence === 0) return { last: undefined };
  const chain = Chain.from(identity, from);
  const pull = await pullStream(connection, jetstream, stream, { from, headersOnly: true, signal });
  try {
    for (;;) {
      const batch = await pull.next();
      if (batch === undefined) throw new ConnectionLost();
      for (const { message, sequence } of batch) {
        const link = chainLinkOf({ headers: receivedHeaders(message) }, sequence);
        const fault = chain.follow(link);
        if (fault !== undefined) return { fault };
        if (sequence === lastSequence) return { last: link };
      }
    }
  } catch (error) {
    if (error instanceof MalformedMessage) return { fault: `a message is malformed: ${error.message}` };
    throw error;
  } finally {
    pull.end();
  }
}
