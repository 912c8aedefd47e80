import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeMarc8 } from './marc8.js';

const samples = new URL('../../../marc/samples/marc-8-texts.json', import.meta.url);

function decode(text: string) {
  return decodeMarc8(Buffer.from(text, 'latin1'));
}

describe('MARC-8', () => {
  it('is read as an independent decoder reads it, in all its scripts', () => {
    const texts = JSON.parse(readFileSync(samples, 'utf8')) as [string, string][];
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.map(([bytes]) => decodeMarc8(Buffer.from(bytes, 'base64')))).toEqual(
      texts.map(([, text]) => ({ text })),
    );
  });

  it.each([
    ['Caf\xe2e', 'Café'],
    ['\xe8u\xe5\xe8u', 'üṻ'],
    ['Ho\xc3ng \xb1\xb2', 'Ho©ng łø'],
    ['\xebt\xecsar', 't\u0361sar'],
    ['\x88The \x89Hobbit', 'The Hobbit'],
    ['H\x1bb2\x1bsO', 'H₂O'],
    ['\x1bga\x1bs-rays', 'α-rays'],
    ['\x1b(Nmoskwa\x1b(B!', 'МОСКВА!'],
    ['\x1b)Nx\xed\xef\xf3', 'xМОС'],
    ['\x1b$1!#!\x1b(B', '\u3000'],
  ])('%j is %j', (bytes, text) => {
    expect(decode(bytes)).toEqual({ text });
  });

  it.each([
    ['\x1b(Zx', 'it changes to a character set that MARC-8 does not have'],
    ['\x1b', 'it changes to a character set that MARC-8 does not have'],
    ['x\xff', 'it holds a character that MARC-8 does not have'],
    ['x\x9f', 'it holds a character that MARC-8 does not have'],
    ['\x1b$1!0', 'it holds a character that MARC-8 does not have'],
  ])('%j is damaged, and says how', (bytes, fault) => {
    expect(decode(bytes)).toEqual({ fault });
  });

  it('leaves a mark that has no letter where it is', () => {
    expect(decode('x\xe2')).toEqual({ text: 'x\u0301' });
  });
});
