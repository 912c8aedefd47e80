import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

type Line = Record<string, unknown> & { readonly msg: string };

/** A process of ours that a test started: its log lines, its messages, its end, at which all lines are there. */
export class TestProcess {
  readonly lines: Line[] = [];
  readonly exited: Promise<number | null>;
  #arrived: () => void = () => {};
  #isOver = false;

  private constructor(readonly child: ChildProcess) {
    const output = createInterface({ input: child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.#arrived();
    });
    // Its last lines may be read only after its exit is known.
    const read = once(output, 'close');
    this.exited = once(child, 'exit').then(async ([code]: (number | null)[]) => {
      await read;
      this.#isOver = true;
      this.#arrived();
      return code ?? null;
    });
  }

  /** @param fixture the name of a module in this folder, which has to be built */
  static start(fixture: string, options: { args?: string[]; env?: NodeJS.ProcessEnv } = {}): TestProcess {
    const file = fileURLToPath(new URL(`../../dist/testing/${fixture}.js`, import.meta.url));
    return new TestProcess(
      fork(file, options.args ?? [], {
        env: { ...process.env, ...options.env },
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      }),
    );
  }

  /** The line with this message, as soon as it is there. */
  async line(message: string): Promise<Line> {
    for (;;) {
      const line = this.lines.find(({ msg }) => msg === message);
      if (line) return line;
      if (this.#isOver) throw new Error(`ended without "${message}": ${JSON.stringify(this.lines)}`);
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
  }

  async url(): Promise<string> {
    return String((await this.line('ready'))['url']);
  }

  async heard(word: string): Promise<void> {
    for (;;) {
      const [message] = (await once(this.child, 'message')) as unknown[];
      if (message === word) return;
    }
  }
}
