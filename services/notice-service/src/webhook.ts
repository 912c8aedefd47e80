import { createHmac } from 'node:crypto';

/** The receiver did not take the message. */
export class WebhookRefused extends Error {
  override readonly name = 'WebhookRefused';
  constructor(readonly status: number) {
    super(`the receiver answered ${status}`);
  }
}

/** The receiver did not answer in time, or not at all. */
export class WebhookUnreachable extends Error {
  override readonly name = 'WebhookUnreachable';
  constructor(readonly code: string) {
    super(`the receiver did not answer: ${code}`);
  }
}

/** Shorter than a process that stops waits for what is under way. */
const timeoutMs = 8_000;

/**
 * Sends messages to one receiver, signed as Standard Webhooks 1.0 says: HMAC-SHA256 over the id, the time of the attempt and the body,
 * so that a receiver knows who sent it, and that it is not an old one.
 */
export class Webhook {
  constructor(
    private readonly url: string,
    private readonly secret: Buffer,
  ) {}

  /**
   * @param id the same whenever the message is sent again, by which the receiver knows it
   * @throws WebhookRefused, WebhookUnreachable; neither holds anything of the address, which may have a secret in it
   */
  async send(id: string, message: object): Promise<void> {
    const body = JSON.stringify(message);
    const timestamp = String(Math.floor(Date.now() / 1000));
    let response: Response;
    try {
      response = await fetch(this.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Shelfmark',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': signature(this.secret, id, timestamp, body),
        },
        body,
        // Else what is signed for one receiver would go to whomever it points at.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      throw new WebhookUnreachable(codeOf(error));
    }
    // Whatever it says beside the status is of no interest, and may have no end.
    await response.body?.cancel().catch(() => undefined);
    if (!response.ok) throw new WebhookRefused(response.status);
  }
}

/** @param timestamp seconds since the epoch */
export function signature(secret: Buffer, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

function codeOf(error: unknown): string {
  const { name, cause } = error as Error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code ?? name;
}
