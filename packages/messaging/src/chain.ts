import type { ChainLink } from './message.js';

/** Which making of a mirror a chain belongs to. */
export interface MirrorIdentity {
  readonly logId: string;
  readonly generation: number;
}

/** Follows a mirror link by link, and finds where it does not hold together. */
export class Chain {
  readonly #mirror: MirrorIdentity;
  #sequence: number;
  #position: bigint | 'unknown';

  private constructor(mirror: MirrorIdentity, sequence: number, position: bigint | 'unknown') {
    this.#mirror = mirror;
    this.#sequence = sequence;
    this.#position = position;
  }

  /** A chain that goes on after a link that is known to be good. */
  static after(mirror: MirrorIdentity, link: { readonly sequence: number; readonly position: bigint }): Chain {
    return new Chain(mirror, link.sequence, link.position);
  }

  /** A chain whose first link lies at a sequence; what it follows is not known, unless it is the log's first. */
  static from(mirror: MirrorIdentity, sequence: number): Chain {
    return new Chain(mirror, sequence - 1, 'unknown');
  }

  /** Takes the next link. @returns what is wrong with it, or `undefined` when it follows */
  follow(link: ChainLink): string | undefined {
    const { sequence, logId, generation, position, previousPosition } = link;
    if (sequence !== this.#sequence + 1) return `sequence ${sequence} comes after ${this.#sequence}`;
    if (logId !== this.#mirror.logId) return `message ${sequence} is of the log ${logId}`;
    if (generation !== this.#mirror.generation) return `message ${sequence} is of generation ${generation}`;
    if ((previousPosition === undefined) !== (sequence === 1)) {
      return `message ${sequence} follows position ${previousPosition ?? 'none'}`;
    }
    if (this.#position !== 'unknown' && previousPosition !== this.#position) {
      return `message ${sequence} follows position ${previousPosition}, not ${this.#position}`;
    }
    if (previousPosition !== undefined && position <= previousPosition) {
      return `message ${sequence} goes back from position ${previousPosition} to ${position}`;
    }
    this.#sequence = sequence;
    this.#position = position;
    return undefined;
  }
}

/** A mirror does not hold together: an event is missing, or something else lies in its place. */
export class MirrorGap extends Error {
  override readonly name = 'MirrorGap';
  constructor(
    readonly service: string,
    readonly generation: number,
    readonly reason: string,
  ) {
    super(`generation ${generation} of the mirror of ${service} is broken: ${reason}`);
  }
}
