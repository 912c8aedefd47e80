import { isUtf8 } from 'node:buffer';
import type { Json } from '@shelfmark/event-sourcing';
import { MalformedMessage } from './malformed-message.js';

/** How deep a body may nest. Deeper ones only serve to exhaust the stack of whoever walks them. */
const maxDepth = 32;

/** @throws MalformedMessage when the body is not UTF-8, not JSON, or nested deeper than 32 */
export function parseJsonBody(body: Uint8Array): Json {
  if (!isUtf8(body)) throw new MalformedMessage('body', 'is not UTF-8');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  if (nestsTooDeep(text)) throw new MalformedMessage('body', `is nested deeper than ${maxDepth}`);
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new MalformedMessage('body', 'is not JSON');
  }
}

// Before JSON.parse, so that what is refused has cost one pass over its characters and no memory.
function nestsTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === backslash) index++;
      else if (character === quote) inString = false;
    } else if (character === quote) {
      inString = true;
    } else if (character === openBrace || character === openBracket) {
      if (++depth > maxDepth) return true;
    } else if (character === closeBrace || character === closeBracket) {
      depth--;
    }
  }
  return false;
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
