let turn: Promise<void> | undefined;

/**
 * Resolves at the end of this turn of the event loop, for all who wait for it in one go: what they then give to the
 * connection goes out in one write. The client by itself writes to its socket for almost every message, and that is what
 * a message costs most.
 */
export function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  });
  return turn;
}
