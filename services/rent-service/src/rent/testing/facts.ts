import assert from 'node:assert/strict';
import type { BookRentEvents, BorrowerEvents } from '@shelfmark/contracts';
import { type EventOf, type RecordedEvent, parseStreamName } from '@shelfmark/event-sourcing';

type Happened = EventOf<BookRentEvents> | EventOf<BorrowerEvents>;

interface FactualRent {
  readonly id: string;
  readonly book: string;
  readonly user: string;
  due: string;
  renewals: number;
  state: 'open' | 'returned' | 'lost';
}

interface FactualHold {
  readonly id: string;
  readonly book: string;
  readonly user: string;
  state: 'waiting' | 'ready' | 'pickedUp' | 'cancelled' | 'expired';
  pickupBy: string | undefined;
}

/** A log, read as a stranger would who knows only what the contract says of each event; it complains of what must not be. */
export class Facts {
  /** In the order in which they were made, of whichever book. */
  readonly rents: FactualRent[] = [];
  readonly holds: FactualHold[] = [];
  readonly #amounts = new Map<string, number>();
  readonly #limits = new Map<string, number>();
  /** What the borrowers' streams say: the due days of open rents and the holds that have not ended, by borrower. */
  readonly #rentsOf = new Map<string, Map<string, string>>();
  readonly #holdsOf = new Map<string, Set<string>>();

  take(event: RecordedEvent): void {
    const { id } = parseStreamName(event.stream);
    const { type, data } = event as unknown as Happened;
    switch (type) {
      case 'BookRentOpened':
      case 'CopiesChanged':
        this.#amounts.set(id, data.amount);
        return;
      case 'BookRented':
        this.rents.push({ id: data.rentId, book: id, user: data.userId, due: data.dueOn, renewals: 0, state: 'open' });
        if (data.holdId !== undefined) {
          assert.equal(this.#hold(data.holdId).state, 'ready', 'only a ready hold is picked up');
          assert.equal(this.#hold(data.holdId).user, data.userId, 'a ready hold belongs to its holder');
          this.#hold(data.holdId).state = 'pickedUp';
        }
        this.#assertNotMoreThanThereAre(id);
        return;
      case 'RentRenewed':
        assert.ok(data.dueOn >= this.#rent(data.rentId).due, 'a renewal never makes it due earlier');
        this.#rent(data.rentId).due = data.dueOn;
        this.#rent(data.rentId).renewals += 1;
        return;
      case 'BookReturned':
        this.#rent(data.rentId).state = 'returned';
        return;
      case 'RentReopened':
        this.#rent(data.rentId).state = 'open';
        assert.equal(this.#rent(data.rentId).due, data.dueOn, 'a rent is open again as it was');
        this.#assertNotMoreThanThereAre(id);
        return;
      case 'CopyLost':
        assert.equal(this.#rent(data.rentId).state, 'open');
        this.#rent(data.rentId).state = 'lost';
        return;
      case 'CopyFound':
        assert.equal(this.#rent(data.rentId).state, 'lost');
        this.#rent(data.rentId).state = 'returned';
        return;
      case 'HoldPlaced':
        this.holds.push({ id: data.holdId, book: id, user: data.userId, state: 'waiting', pickupBy: undefined });
        return;
      case 'HoldReady': {
        const first = this.holds.find(({ book, state }) => book === id && state === 'waiting');
        assert.equal(first?.id, data.holdId, 'first come, first served');
        this.#hold(data.holdId).state = 'ready';
        this.#hold(data.holdId).pickupBy = data.pickupBy;
        this.#assertNotMoreThanThereAre(id);
        return;
      }
      case 'HoldCancelled':
        assert.equal(this.#hold(data.holdId).state === 'ready', data.wasReady);
        this.#hold(data.holdId).state = 'cancelled';
        return;
      case 'HoldExpired':
        assert.equal(this.#hold(data.holdId).state, 'ready');
        this.#hold(data.holdId).state = 'expired';
        return;
      case 'BorrowerOpened':
      case 'RentLimitChanged':
        this.#limits.set(id, data.rentLimit);
        return;
      case 'RentTaken': {
        const rents = this.#rentsBy(id);
        rents.set(data.rentId, data.dueOn);
        assert.ok(rents.size <= this.#limits.get(id)!, 'nobody takes more than their limit');
        return;
      }
      case 'RentExtended':
        this.#rentsBy(id).set(data.rentId, data.dueOn);
        return;
      case 'RentEnded':
        assert.ok(this.#rentsBy(id).delete(data.rentId));
        return;
      case 'HoldTaken':
        this.#holdsBy(id).add(data.holdId);
        assert.ok(this.#holdsBy(id).size <= 5, 'nobody waits for more than five');
        return;
      case 'HoldEnded':
        assert.ok(this.#holdsBy(id).delete(data.holdId));
        return;
      case 'BookRentClosed':
      case 'BorrowerClosed':
        return;
    }
  }

  /** What holds between two commands: the streams of books and borrowers agree, and nobody waits while a copy is free. */
  assertConsistent(): void {
    const open = this.rents.filter(({ state }) => state === 'open');
    assert.equal(new Set(open.map(({ book, user }) => `${book} ${user}`)).size, open.length, 'nobody has a book twice');
    const live = this.holds.filter(({ state }) => state === 'waiting' || state === 'ready');
    const taken = [...this.#rentsOf].flatMap(([user, rents]) => [...rents].map(([id, due]) => `${user} ${id} ${due}`));
    assert.deepEqual(taken.sort(), open.map(({ id, user, due }) => `${user} ${id} ${due}`).sort());
    const waited = [...this.#holdsOf].flatMap(([user, holds]) => [...holds].map((id) => `${user} ${id}`));
    assert.deepEqual(waited.sort(), live.map(({ id, user }) => `${user} ${id}`).sort());
    for (const { book } of this.holds.filter(({ state }) => state === 'waiting')) {
      assert.ok(this.#inUse(book) >= this.#amounts.get(book)!, 'nobody waits while a copy is free');
    }
  }

  /** A copy that goes out or is set aside is one that there is. */
  #assertNotMoreThanThereAre(book: string): void {
    const out = this.rents.filter((rent) => rent.book === book && rent.state !== 'returned').length;
    assert.ok(out <= this.#amounts.get(book)!, 'no more are out than there are');
  }

  #inUse(book: string): number {
    const out = this.rents.filter((rent) => rent.book === book && rent.state !== 'returned').length;
    return out + this.holds.filter((hold) => hold.book === book && hold.state === 'ready').length;
  }

  #rent(id: string): FactualRent {
    const rent = this.rents.find((each) => each.id === id);
    assert.ok(rent, `there is a rent ${id}`);
    return rent;
  }

  #hold(id: string): FactualHold {
    const hold = this.holds.find((each) => each.id === id);
    assert.ok(hold, `there is a hold ${id}`);
    return hold;
  }

  #rentsBy(user: string): Map<string, string> {
    const rents = this.#rentsOf.get(user) ?? new Map<string, string>();
    this.#rentsOf.set(user, rents);
    return rents;
  }

  #holdsBy(user: string): Set<string> {
    const holds = this.#holdsOf.get(user) ?? new Set<string>();
    this.#holdsOf.set(user, holds);
    return holds;
  }
}
