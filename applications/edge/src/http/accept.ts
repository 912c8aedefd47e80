import { RouteData } from './route-data.js';

/** What a representation can be sent as. */
export const representations: readonly string[] = ['application/hal+json', 'application/json'];

/** The types that a route answers in, where they are not those of a representation. */
export function Produces(...types: readonly string[]): MethodDecorator {
  return RouteData({ produces: types });
}

/**
 * Which of some types a client accepts (RFC 9110, 12.5.1), the first where several are equally welcome; `undefined` for none.
 * Somebody who accepts problems only is answered in the first form: they want to hear what goes wrong, and know what goes
 * right by its status.
 */
export function acceptedType(accept: string | undefined, types: readonly string[]): string | undefined {
  if (accept === undefined || accept.trim() === '') return types[0];
  const ranges = accept.split(',').map(readRange);
  let best: { type: string; quality: number } | undefined;
  for (const type of types) {
    const quality = qualityOf(type, ranges);
    if (quality > (best?.quality ?? 0)) best = { type, quality };
  }
  if (best) return best.type;
  return qualityOf('application/problem+json', ranges) > 0 ? types[0] : undefined;
}

interface MediaRange {
  readonly range: string;
  readonly quality: number;
}

function readRange(text: string): MediaRange {
  const [range, ...parameters] = text.toLowerCase().split(';');
  const weight = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('q='));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { range: range!.trim(), quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The most precise range that covers a type decides on it. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  for (const range of [type, `${type.split('/', 1)[0]}/*`, '*/*']) {
    const found = ranges.find((candidate) => candidate.range === range);
    if (found) return found.quality;
  }
  return 0;
}
