import { type Bearer, NoLocalIssuer, tokenFor } from './local-issuer.js';

/** Prints a token of the library on a data folder, and nothing else. @returns the exit code */
export async function printToken({ data, ...bearer }: Bearer & { readonly data: string }): Promise<number> {
  try {
    console.log(await tokenFor(data, bearer));
    return 0;
  } catch (error) {
    if (!(error instanceof NoLocalIssuer)) throw error;
    console.error(error.message);
    return 1;
  }
}
