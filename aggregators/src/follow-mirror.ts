import type { MirrorConsumer } from '@shelfmark/messaging';
import type { Checkpoint } from './checkpoint.js';

/** Reads a service's mirror from after the checkpoint, until the signal aborts. */
export type FollowMirror = (service: string, checkpoint: Checkpoint | undefined, signal: AbortSignal) => MirrorConsumer;
