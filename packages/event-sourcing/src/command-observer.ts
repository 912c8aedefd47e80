import type { Accepted, Command } from './command.js';
import type { Rejected } from './decider.js';

/** Is told what a command handler does, for traces and metrics. It decides nothing, and must not throw of its own accord. */
export interface CommandObserver {
  /**
   * Runs the carrying out of a command, from its arrival to its answer.
   * @param work may be given the command with another `traceparent`, which its events are then recorded with
   */
  command<Result extends Accepted | Rejected>(
    command: Command,
    work: (command: Command) => Promise<Result>,
  ): Promise<Result>;
  /** Runs an append of so many events. */
  append<Result>(command: Command, events: number, work: () => Promise<Result>): Promise<Result>;
  /** A command had to wait for so long until it was alone with its entities. */
  waited(ms: number): void;
  /** An entity was needed: it was in memory, or has to be read. */
  entity(isCached: boolean): void;
}
