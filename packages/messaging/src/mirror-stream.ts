import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { MirrorIdentity } from './chain.js';

/** The most that a message of a mirror may weigh: an append's 512 KiB, its headers, and room. */
export const maxMirrorMessageBytes = 1024 * 1024;

/** A mirror as it is found on the bus. */
export interface Mirror {
  readonly stream: string;
  /** When the JetStream stream was made: the same name at another time is another stream. */
  readonly created: string;
  /** `undefined` where the stream is not a mirror of ours. */
  readonly identity: MirrorIdentity | undefined;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly messages: number;
  readonly replicas: number;
  /** A setting under which the server could drop or change messages by itself, if there is one. */
  readonly unsafeSetting: string | undefined;
}

/** `book` → `BOOK` */
export function mirrorStreamName(service: string): string {
  return service.toUpperCase();
}

export function mirrorSubjects(service: string): string {
  return `shelfmark.events.${service}.*`;
}

/** Whoever sees a gap asks here for the whole chain to be walked. */
export function verifySubject(service: string): string {
  return `shelfmark.mirrors.${service}.verify`;
}

export async function findMirror(streams: JetStreamManager, service: string): Promise<Mirror | undefined> {
  try {
    const { config, created, state } = await streams.streams.info(mirrorStreamName(service));
    const required = Object.entries(settings(service));
    return {
      stream: config.name,
      created,
      identity: parseDescription(config.description),
      firstSequence: state.first_seq,
      lastSequence: state.last_seq,
      messages: state.messages,
      replicas: config.num_replicas,
      unsafeSetting: required.find(
        ([name, value]) => JSON.stringify(config[name as keyof typeof config]) !== JSON.stringify(value),
      )?.[0],
    };
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  }
}

/** @throws JetStreamApiError when there is one already */
export async function createMirror(
  streams: JetStreamManager,
  service: string,
  identity: MirrorIdentity,
  replicas: number,
): Promise<void> {
  await streams.streams.add({
    name: mirrorStreamName(service),
    ...settings(service),
    description: JSON.stringify({ logId: identity.logId, generation: identity.generation }),
    num_replicas: replicas,
  });
}

// Nothing is ever dropped: when there is no room, publishing fails and the relay waits. The stream as a whole can still be
// deleted, which is how the next generation is made.
function settings(service: string) {
  return {
    subjects: [mirrorSubjects(service)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msgs_per_subject: -1,
    max_msg_size: maxMirrorMessageBytes,
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
  } satisfies Partial<StreamConfig>;
}

// The server of Debian 12 (2.9) keeps no metadata with a stream, so the description has to hold it.
function parseDescription(description: string | undefined): MirrorIdentity | undefined {
  try {
    const { logId, generation } = JSON.parse(description ?? '') as { logId?: unknown; generation?: unknown };
    return typeof logId === 'string' && Number.isSafeInteger(generation)
      ? { logId, generation: generation as number }
      : undefined;
  } catch {
    return undefined;
  }
}
