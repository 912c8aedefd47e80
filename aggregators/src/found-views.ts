import { readdir } from 'node:fs/promises';
import type { View } from './view.js';

const folder = new URL('./views/', import.meta.url);

/** The names of all views: each is a folder. */
export async function viewNames(): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** @param name one of {@link viewNames} */
export async function loadView(name: string): Promise<View> {
  const { view } = (await import(new URL(`${name}/index.js`, folder).href)) as { readonly view: View };
  return view;
}
