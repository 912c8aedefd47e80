#!/usr/bin/env node
// Makes .env with a password of its own for each name that compose.yaml asks for.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const asked = readFileSync(join(root, 'compose.yaml'), 'utf8').matchAll(/\$\{(\w*PASSWORD\w*):\?/g);
const names = [...new Set([...asked].map(([, name]) => name))];
// They are parts of URLs, and the broker's configuration takes what begins with a digit for a number.
const lines = names.map((name) => `${name}=p${randomBytes(24).toString('hex')}\n`);

// One that is there already is somebody's: its passwords are in the volumes.
writeFileSync(join(root, '.env'), lines.join(''), { mode: 0o600, flag: 'wx' });
console.log(`${names.length} passwords are in .env, readable by you alone.`);
