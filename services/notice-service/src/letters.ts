import type { NoticeGiven, NoticeKind } from '@shelfmark/contracts';

/** A mail, but for whom it is from and to. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
}

interface Words {
  readonly title: string;
  readonly day: string;
}

const letters: Readonly<Record<NoticeKind, (words: Words) => Letter>> = {
  HoldReady: ({ title, day }) => ({
    subject: `Ready for you: ${title}`,
    text: `“${title}”, which you were waiting for, is here. We keep it for you through ${day}.`,
  }),
  RentDueTomorrow: ({ title, day }) => ({
    subject: `Due tomorrow: ${title}`,
    text: `“${title}” is due tomorrow, ${day}. If nobody is waiting for it, you can renew it.`,
  }),
  RentOverdue: ({ title, day }) => ({
    subject: `Overdue: ${title}`,
    text: `“${title}” was due on ${day}. Please bring it back.`,
  }),
};

/** Names its day as people do; it is the library's day, whatever the time zone. */
const dayFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** What somebody is written. */
export function letterFor({ kind, day }: Pick<NoticeGiven, 'kind' | 'day'>, name: string, title = 'a book'): Letter {
  // A title may have any white space in it, and a subject is a line.
  const line = title.replaceAll(/\s+/g, ' ');
  const { subject, text } = letters[kind]({ title: line, day: dayFormat.format(new Date(`${day}T00:00:00Z`)) });
  return { subject, text: `Dear ${name},\n\n${text}\n\nYour library\n` };
}
