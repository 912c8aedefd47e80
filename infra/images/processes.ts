import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type ConfigSpec, serviceSettings } from '@shelfmark/service-kit';

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A process of ours, as an image's command starts it. */
export interface OwnProcess {
  readonly name: string;
  /** What the image's entry point is given: a file below the project's folder, and its own arguments. */
  readonly args: readonly string[];
  readonly settings: ConfigSpec;
}

/** Every process that there is, found by looking, with the settings that it reads from its environment. */
export async function ownProcesses(): Promise<readonly OwnProcess[]> {
  const services = foldersIn('services').map(async (name) => {
    const folder = `services/${name}/dist`;
    return { name, args: [`${folder}/main.js`], settings: await settingsIn(folder) };
  });
  const views = foldersIn('aggregators/src/views').map(async (view) => ({
    name: `view-${view}`,
    args: ['aggregators/dist/main.js', '--view', view],
    settings: await settingsIn('aggregators/dist'),
  }));
  const edge = settingsIn('applications/edge/dist').then((settings) => ({
    name: 'edge',
    args: ['applications/edge/dist/main.js'],
    settings,
  }));
  return Promise.all([...services, ...views, edge]);
}

/** A service that says nothing of its own is told what every service is told. */
async function settingsIn(folder: string): Promise<ConfigSpec> {
  const file = join(projectRoot, folder, 'settings.js');
  if (!existsSync(file)) return serviceSettings;
  const { settingsSpec } = (await import(pathToFileURL(file).href)) as { settingsSpec: ConfigSpec };
  return settingsSpec;
}

function foldersIn(folder: string): string[] {
  const entries = readdirSync(join(projectRoot, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
