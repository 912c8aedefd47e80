import { expect, it } from 'vitest';
import { languageOfMarc, marcOfLanguage } from './marc-language.js';

it.each([
  ['eng', 'en'],
  ['ger', 'de'],
  ['deu', 'de'],
  ['scr', 'hr'],
  ['grc', 'grc'],
  ['und', undefined],
  ['zxx', undefined],
  ['   ', undefined],
  ['|||', undefined],
  ['en', undefined],
])('MARC calls by %j the language %j', (code, tag) => {
  expect(languageOfMarc(code)).toBe(tag);
});

it.each([
  ['en', 'eng'],
  ['de', 'ger'],
  ['grc', 'grc'],
  ['de-AT', undefined],
  ['deu', undefined],
  ['und', undefined],
])('the language %j is to MARC %j, which is the same one when it is read again', (tag, code) => {
  expect(marcOfLanguage(tag)).toBe(code);
  if (code !== undefined) expect(languageOfMarc(code)).toBe(tag);
});
