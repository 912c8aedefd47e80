import { createTransport } from 'nodemailer';
import type { Letter } from './letters.js';
import type { Person } from './people.js';

/** The mail server did not take a letter, now. Nothing of the server's answer is told, which may name whom it is to. */
export class MailNotSent extends Error {
  override readonly name = 'MailNotSent';
  constructor(
    readonly code: string,
    readonly responseCode: number | undefined,
  ) {
    super(`the mail server did not take it: ${code} ${responseCode ?? ''}`.trim());
  }
}

/** The mail server will not take it, however often it is asked: the address is none, or it refuses what is written. */
export class MailUndeliverable extends Error {
  override readonly name = 'MailUndeliverable';
  constructor(readonly responseCode: number) {
    super(`the mail server refused it for good: ${responseCode}`);
  }
}

export type MailTransport = ReturnType<typeof smtpTransport>;

/** A server that is slow is not waited for; the letter is tried again. */
const timeoutMs = 8_000;

/** @param url which may have nodemailer's own options as its query */
export function smtpTransport(url: string) {
  return createTransport({
    url,
    pool: true,
    maxConnections: 2,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Nothing of a letter is fetched or read from a file, whatever somebody is called.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Sends letters in plain text. */
export class Mail {
  constructor(
    private readonly transport: MailTransport,
    private readonly from: string,
  ) {}

  /**
   * @param id the same whenever the letter is sent again, by which mail programs know it
   * @throws MailNotSent, MailUndeliverable
   */
  async send(id: string, { name, email }: Person, { subject, text }: Letter): Promise<void> {
    try {
      await this.transport.sendMail({
        messageId: `<${id}@notices.shelfmark>`,
        from: this.from,
        to: { name, address: email },
        subject,
        text,
        // RFC 3834: so that nobody's absence is answered to it.
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    } catch (error) {
      const { code, responseCode, command } = error as { code?: string; responseCode?: number; command?: string };
      const isAboutLetter = command === 'RCPT TO' || command === 'DATA';
      if (isAboutLetter && responseCode !== undefined && responseCode >= 500) throw new MailUndeliverable(responseCode);
      throw new MailNotSent(code ?? 'Error', responseCode);
    }
  }

  close(): void {
    this.transport.close();
  }
}
