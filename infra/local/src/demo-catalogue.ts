import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotImport, importThrough } from './import-client.js';
import { summarise } from './import-file.js';
import { writePrivateFile } from './private-files.js';
import type { Progress } from './progress.js';

const file = fileURLToPath(new URL('../demo/gutenberg-1000.csv', import.meta.url));

/** Whether the catalogue's beginning was decided by an earlier run: filled, or left empty. */
export class DemoMarker {
  readonly #file: string;

  constructor(data: string) {
    this.#file = join(data, 'catalogue.json');
  }

  get isDecided(): boolean {
    return existsSync(this.#file);
  }

  decide(beginning: 'demo' | 'empty'): void {
    writePrivateFile(this.#file, `${JSON.stringify({ beginning })}\n`);
  }
}

/**
 * Imports the demo's books, as any client would import a catalogue. Its key is fixed: a load that was interrupted is the same
 * import, which goes on by itself.
 * @param token a librarian's
 * @returns whether it came to its end; otherwise the next start does it again
 */
export async function loadDemoCatalogue(edge: string, token: string, progress: Progress): Promise<boolean> {
  try {
    const upload = { edge, token, file, kind: 'books', dryRun: false, key: 'demo-catalogue' };
    const { operation, url } = await importThrough(upload, progress);
    progress.step('The demo catalogue is loaded');
    summarise(operation, false, url, progress);
    return operation.state === 'completed';
  } catch (error) {
    if (!(error instanceof CannotImport)) throw error;
    progress.alarm(`${error.message}; the next start loads the demo catalogue again`);
    return false;
  }
}
