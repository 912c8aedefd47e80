/**
 * What a library's rules say, as plainly as they can be said: lists that are looked through, changed in place, and nothing
 * of what the service itself is made of. Slow, and meant to be obviously right.
 */
export class Model {
  readonly books = new Map<string, ModelBook>();
  readonly users = new Map<string, ModelUser>();
  readonly rents: ModelRent[] = [];
  readonly holds: ModelHold[] = [];
  // Canadians write dates as ISO 8601 does.
  private readonly days: Intl.DateTimeFormat;

  constructor(
    timeZone: string,
    readonly isClosed: (day: string) => boolean,
    public now: Date,
  ) {
    this.days = new Intl.DateTimeFormat('en-CA', { timeZone });
  }

  open(book: string, amount: number): Answer {
    if (!this.books.has(book)) this.books.set(book, { amount, gone: false });
    return 'ok';
  }

  register(user: string, limit: number): Answer {
    if (!this.users.has(user)) this.users.set(user, { limit, gone: false });
    return 'ok';
  }

  rent(user: string, book: string): Answer {
    if (!this.isThere(this.users.get(user))) return 'UserNotFound';
    if (!this.isThere(this.books.get(book))) return 'BookNotFound';
    if (this.openRent(user, book)) return 'AlreadyRented';
    if (this.openRentsOf(user).filter((rent) => rent.due < this.today()).length >= 2) return 'BorrowerOverdue';
    if (this.openRentsOf(user).length >= this.users.get(user)!.limit) return 'RentLimitReached';
    const hold = this.liveHold(user, book);
    if (hold?.state === 'ready') {
      if (this.amount(book) - this.count(this.rents, book, 'open') - this.count(this.rents, book, 'lost') <= 0) {
        return 'NoCopyAvailable';
      }
      hold.state = 'pickedUp';
    } else if (this.free(book) <= 0) {
      return 'NoCopyAvailable';
    }
    const number = this.rents.filter((rent) => rent.book === book).length;
    const due = this.openDayIn(14);
    this.rents.push({ id: `${book}.${number}`, book, user, due, renewals: 0, state: 'open', returned: undefined });
    return 'ok';
  }

  return(id: string): Answer {
    const rent = this.rents.find((each) => each.id === id);
    if (!rent) return 'RentNotFound';
    if (rent.state === 'returned') return 'ok';
    // A rent that was closed as lost has no return that could be undone.
    rent.returned = rent.state === 'open' ? this.now : undefined;
    rent.state = 'returned';
    this.serve(rent.book);
    return 'ok';
  }

  returnBook(user: string, book: string): Answer {
    const rent = this.openRent(user, book);
    return rent ? this.return(rent.id) : 'RentNotFound';
  }

  reopen(id: string): Answer {
    const rent = this.rents.find((each) => each.id === id);
    if (!rent) return 'RentNotFound';
    if (rent.state === 'open') return 'ok';
    const { user, book, returned } = rent;
    const isPossible =
      rent.state === 'returned' &&
      returned !== undefined &&
      this.now.getTime() - returned.getTime() <= 24 * 60 * 60 * 1000 &&
      this.isThere(this.books.get(book)) &&
      this.isThere(this.users.get(user)) &&
      !this.openRent(user, book) &&
      !this.liveHold(user, book) &&
      this.free(book) > 0 &&
      this.openRentsOf(user).length < this.users.get(user)!.limit;
    if (!isPossible) return 'RentNotReopenable';
    rent.state = 'open';
    return 'ok';
  }

  renew(id: string): Answer {
    const rent = this.rents.find((each) => each.id === id);
    if (!rent) return 'RentNotFound';
    if (rent.state !== 'open') return 'RentNotOpen';
    if (this.count(this.holds, rent.book, 'waiting') > Math.max(0, this.free(rent.book))) return 'HoldsWaiting';
    if (rent.due < this.today()) return 'RentOverdue';
    if (rent.renewals >= 2) return 'RenewalLimitReached';
    rent.renewals += 1;
    if (this.openDayIn(14) > rent.due) rent.due = this.openDayIn(14);
    return 'ok';
  }

  lose(id: string): Answer {
    const rent = this.rents.find((each) => each.id === id);
    if (!rent) return 'RentNotFound';
    if (rent.state === 'returned') return 'RentNotOpen';
    rent.state = 'lost';
    return 'ok';
  }

  find(id: string): Answer {
    const rent = this.rents.find((each) => each.id === id);
    if (!rent) return 'RentNotFound';
    if (rent.state === 'open') return 'RentNotLost';
    return this.return(id);
  }

  hold(user: string, book: string): Answer {
    if (!this.isThere(this.users.get(user))) return 'UserNotFound';
    if (!this.isThere(this.books.get(book))) return 'BookNotFound';
    if (this.openRent(user, book)) return 'AlreadyRented';
    if (this.liveHold(user, book)) return 'AlreadyOnHold';
    if (this.free(book) > 0) return 'CopyAvailable';
    if (this.holds.filter((hold) => hold.user === user && isLive(hold)).length >= 5) return 'HoldLimitReached';
    const number = this.holds.filter((each) => each.book === book).length;
    this.holds.push({ id: `${book}.${number}`, book, user, state: 'waiting', pickupBy: undefined });
    return 'ok';
  }

  cancel(id: string): Answer {
    const hold = this.holds.find((each) => each.id === id);
    if (!hold) return 'HoldNotFound';
    if (isLive(hold)) hold.state = 'cancelled';
    this.serve(hold.book);
    return 'ok';
  }

  expire(book: string): Answer {
    for (const hold of this.holds) {
      if (hold.book === book && hold.state === 'ready' && hold.pickupBy! < this.today()) hold.state = 'expired';
    }
    this.serve(book);
    return 'ok';
  }

  setAmount(book: string, amount: number): Answer {
    const found = this.books.get(book);
    if (!this.isThere(found)) return 'ok';
    found.amount = amount;
    this.serve(book);
    return 'ok';
  }

  setLimit(user: string, limit: number): Answer {
    const found = this.users.get(user);
    if (this.isThere(found)) found.limit = limit;
    return 'ok';
  }

  deleteBook(book: string): Answer {
    const found = this.books.get(book);
    if (found?.gone === true) return 'ok';
    if (this.count(this.rents, book, 'open') > 0) return 'BookHasOpenRents';
    if (this.holds.some((hold) => hold.book === book && isLive(hold))) return 'BookHasHolds';
    this.books.set(book, { amount: this.amount(book), gone: true });
    return 'ok';
  }

  deleteUser(user: string): Answer {
    if (this.users.get(user)?.gone === true) return 'ok';
    if (this.openRentsOf(user).length > 0) return 'UserHasOpenRents';
    for (const hold of this.holds) if (hold.user === user && isLive(hold)) this.cancel(hold.id);
    this.users.set(user, { limit: 0, gone: true });
    return 'ok';
  }

  /** Copies that nobody has, lost, or is to have. */
  free(book: string): number {
    return (
      this.amount(book) -
      this.count(this.rents, book, 'open') -
      this.count(this.rents, book, 'lost') -
      this.count(this.holds, book, 'ready')
    );
  }

  today(): string {
    return this.days.format(this.now);
  }

  /** First come, first served. */
  private serve(book: string): void {
    for (const hold of this.holds) {
      if (hold.book !== book || hold.state !== 'waiting' || this.free(book) <= 0) continue;
      hold.state = 'ready';
      hold.pickupBy = this.openDayIn(3);
    }
  }

  private openDayIn(days: number): string {
    const date = new Date(this.today());
    for (let n = 0; n < days; n++) date.setTime(date.getTime() + 24 * 60 * 60 * 1000);
    while (this.isClosed(date.toISOString().slice(0, 10))) date.setTime(date.getTime() + 24 * 60 * 60 * 1000);
    return date.toISOString().slice(0, 10);
  }

  private openRent(user: string, book: string): ModelRent | undefined {
    return this.openRentsOf(user).find((rent) => rent.book === book);
  }

  private openRentsOf(user: string): ModelRent[] {
    return this.rents.filter((rent) => rent.user === user && rent.state === 'open');
  }

  private liveHold(user: string, book: string): ModelHold | undefined {
    return this.holds.find((hold) => hold.user === user && hold.book === book && isLive(hold));
  }

  private amount(book: string): number {
    return this.books.get(book)?.amount ?? 0;
  }

  private count<State>(list: readonly { book: string; state: State }[], book: string, state: State): number {
    return list.filter((each) => each.book === book && each.state === state).length;
  }

  private isThere<One extends ModelBook | ModelUser>(one: One | undefined): one is One {
    return one !== undefined && !one.gone;
  }
}

/** A rejection's code, or that it was done. */
export type Answer = string;

interface ModelBook {
  amount: number;
  gone: boolean;
}

interface ModelUser {
  limit: number;
  gone: boolean;
}

export interface ModelRent {
  readonly id: string;
  readonly book: string;
  readonly user: string;
  due: string;
  renewals: number;
  state: 'open' | 'returned' | 'lost';
  returned: Date | undefined;
}

export interface ModelHold {
  readonly id: string;
  readonly book: string;
  readonly user: string;
  state: 'waiting' | 'ready' | 'pickedUp' | 'cancelled' | 'expired';
  pickupBy: string | undefined;
}

function isLive({ state }: ModelHold): boolean {
  return state === 'waiting' || state === 'ready';
}
