import { expect, it } from 'vitest';
import { letterFor } from './letters.js';

it.each([
  [
    'HoldReady',
    'Ready for you: Emma',
    '“Emma”, which you were waiting for, is here. We keep it for you through 14 March 2024.',
  ],
  [
    'RentDueTomorrow',
    'Due tomorrow: Emma',
    '“Emma” is due tomorrow, 14 March 2024. If nobody is waiting for it, you can renew it.',
  ],
  ['RentOverdue', 'Overdue: Emma', '“Emma” was due on 14 March 2024. Please bring it back.'],
] as const)('a letter of %s says what it is about, and when', (kind, subject, text) => {
  expect(letterFor({ kind, day: '2024-03-14' }, 'Ada', 'Emma')).toEqual({
    subject,
    text: `Dear Ada,\n\n${text}\n\nYour library\n`,
  });
});

it('a title is one line, and a book without one is a book', () => {
  const notice = { kind: 'RentOverdue', day: '2024-03-14' } as const;
  expect(letterFor(notice, 'Ada', 'Emma\r\nBcc: x@example.org').subject).toBe('Overdue: Emma Bcc: x@example.org');
  expect(letterFor(notice, 'Ada').subject).toBe('Overdue: a book');
});
