// Compares what decodeMarc8 makes of every character of MARC-8 with what yaz-iconv does (Debian's package yaz). Not a part of the tests:
//   npx tsc -b && node services/book-service/marc/check-with-yaz.mjs
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { decodeMarc8 } from '../dist/import/marc/marc8.js';
import { characterSets, eastAsian } from '../dist/import/marc/marc8-tables.js';

const [escape, back] = [0x1b, [0x1b, 0x28, 0x42]];
const separator = '<~>';
const bytesOf = (text) => [...Buffer.from(text, 'latin1')];

const samples = [];
for (const [set, row] of Object.entries(characterSets)) {
  const into = 'gbp'.includes(set) ? bytesOf(set) : set === 'E' ? undefined : bytesOf(`(${set}`);
  for (let index = 0; index < row.length; index++) {
    if (row[index] === ' ') continue;
    const code = 0x21 + index;
    // A mark belongs to the letter after it, which is one of the same set.
    const letter = set === 'E' ? [0x61] : /\p{M}/u.test(row[index]) ? [0x21 + row.search(/\p{L}/u)] : [];
    const wayBack = 'gbp'.includes(set) ? [escape, 0x73] : back;
    samples.push(into ? [escape, ...into, code, ...letter, ...wayBack] : [code | 0x80, ...letter]);
  }
}
for (const [firstTwo, row] of Object.entries(eastAsian)) {
  for (let index = 0; index < row.length; index++) {
    if (row[index] !== ' ') samples.push([escape, 0x24, 0x31, ...Buffer.from(firstTwo, 'hex'), 0x21 + index, ...back]);
  }
}

/** What yaz reads; of many at once it loses the characters at the edges of its buffer. */
function readByYaz(some) {
  const input = Buffer.from(some.flatMap((sample) => [...sample, ...bytesOf(separator)]));
  const { stdout } = spawnSync('yaz-iconv', ['-f', 'MARC8', '-t', 'UTF-8'], { input, maxBuffer: 2 ** 28 });
  return stdout.toString().split(separator);
}

function differing(some) {
  const theirs = readByYaz(some);
  return some.filter((sample, index) => decodeMarc8(Buffer.from(sample)).text !== theirs[index]?.normalize('NFC'));
}

const different = differing(samples).filter((sample) => differing([sample]).length > 0);
for (const sample of different) {
  console.log(Buffer.from(sample).toString('hex'), decodeMarc8(Buffer.from(sample)), readByYaz([sample])[0]);
}
console.log(`${samples.length} characters, ${different.length} of them read otherwise by yaz`);
