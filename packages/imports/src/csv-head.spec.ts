import { describe, expect, it } from 'vitest';
import { readHead } from './csv-head.js';

describe('the head of a file', () => {
  it.each([
    ['title,author\n', ','],
    ['title;author, first;year\n', ';'],
    ['title\tauthor\n', '\t'],
    ['"title, or name";"author, first"\n', ';'],
    ['title\n', ','],
  ])('tells the delimiter of %j', (text, delimiter) => {
    expect(readHead(text, true)).toMatchObject({ delimiter });
  });

  it('takes names as they are, but for the white space around them', () => {
    expect(readHead(' Title ,"Author\r\n(last, first)"\r\nDune,x', false)).toEqual({
      delimiter: ',',
      names: ['Title', 'Author\n(last, first)'],
      lines: 2,
    });
  });

  it('comes after blank lines, and after what Excel tells itself', () => {
    expect(readHead('sep=;\r\n\r\ntitle;author\r\n', true)).toMatchObject({ names: ['title', 'author'], lines: 3 });
  });

  it('asks for more of a file whose first row may go on', () => {
    expect(readHead('title,aut', false)).toBeUndefined();
    expect(readHead('title,"aut\nhor', false)).toBeUndefined();
    expect(readHead('\n\n', false)).toBeUndefined();
  });

  it.each([
    ['', 'empty'],
    ['\n \r\n', 'empty'],
    ['title,"author\nDune', 'cannot be read'],
    [`title,${'x'.repeat(70_000)}`, 'cannot be read'],
  ])('is missing in %j, which is refused', (text, reason) => {
    expect(readHead(text, true)).toEqual({ fault: expect.stringContaining(reason) });
  });

  it('does not ask for more and more of a first row that never ends', () => {
    expect(readHead('x'.repeat(70_000), false)).toHaveProperty('fault');
  });
});
