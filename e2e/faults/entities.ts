import { type LoggedEvent, categoryOf } from './logged-event.js';

/**
 * The rules' own idea of an entity: made from its events alone, and written a second time on purpose. A check that shared the
 * services' code would share its mistakes.
 */
export interface EntityState {
  readonly status: 'absent' | 'present' | 'deleting' | 'deleted';
  /** As the last event left them: title, amount, name, email, rentLimit. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Of a book: who has it out, by rent. Of a borrower: the same rents. */
  readonly open: ReadonlyMap<string, string>;
  /** Of a book: who had the copies that are lost, by rent. */
  readonly lost: ReadonlyMap<string, string>;
  /** Of a book: the holds that have not ended, and whether a copy is set aside for each. */
  readonly holds: ReadonlyMap<string, boolean>;
  /** How many rents there ever were, and how many holds. */
  readonly rents: number;
  readonly everHeld: number;
  /** How often a deletion was refused. */
  readonly refusals: number;
}

export const absent: EntityState = {
  status: 'absent',
  fields: {},
  open: new Map(),
  lost: new Map(),
  holds: new Map(),
  rents: 0,
  everHeld: 0,
  refusals: 0,
};

type Evolve = (state: EntityState, event: LoggedEvent) => Partial<EntityState>;

const fieldsOf: Evolve = ({ fields }, { data }) => ({ fields: { ...fields, ...data } });
const takes: Evolve = ({ open }, { data }) => ({ open: new Map(open).set(data.rentId!, data.userId ?? '') });
const ends: Evolve = ({ open }, { data }) => ({ open: without(open, data.rentId) });
const endsHold: Evolve = ({ holds }, { data }) => ({ holds: without(holds, data.holdId) });
const opens: Evolve = (state, event) => ({ ...fieldsOf(state, event), status: 'present' });
const requests: Evolve = () => ({ status: 'deleting' });
const refuses: Evolve = ({ refusals }) => ({ status: 'present', refusals: refusals + 1 });
const closes: Evolve = () => ({ status: 'deleted' });

function without<Value>(map: ReadonlyMap<string, Value>, key: string | undefined): ReadonlyMap<string, Value> {
  return new Map([...map].filter(([id]) => id !== key));
}

/** How many copies are set aside. */
export function setAside({ holds }: EntityState): number {
  return [...holds.values()].filter((isReady) => isReady).length;
}

/** By event type; one that is not here only raises the revision. */
const evolves: Readonly<Record<string, Evolve>> = {
  BookCreated: opens,
  BookUpdated: fieldsOf,
  BookDeletionRequested: requests,
  BookDeletionRefused: refuses,
  BookDeleted: closes,
  UserCreated: opens,
  UserUpdated: fieldsOf,
  UserDeletionRequested: requests,
  UserDeletionRefused: refuses,
  UserDeleted: closes,
  BookRentOpened: opens,
  CopiesChanged: fieldsOf,
  BookRented: (state, event) => ({ ...takes(state, event), ...endsHold(state, event), rents: state.rents + 1 }),
  BookReturned: ends,
  RentReopened: takes,
  CopyLost: (state, event) => ({
    ...ends(state, event),
    lost: new Map(state.lost).set(event.data.rentId!, event.data.userId ?? ''),
  }),
  CopyFound: ({ lost }, { data }) => ({ lost: without(lost, data.rentId) }),
  HoldPlaced: ({ holds, everHeld }, { data }) => ({
    holds: new Map(holds).set(data.holdId!, false),
    everHeld: everHeld + 1,
  }),
  HoldReady: ({ holds }, { data }) => ({ holds: new Map(holds).set(data.holdId!, true) }),
  HoldCancelled: endsHold,
  HoldExpired: endsHold,
  BookRentClosed: closes,
  BorrowerOpened: opens,
  RentLimitChanged: fieldsOf,
  RentTaken: takes,
  RentEnded: ends,
  BorrowerClosed: closes,
};

export function evolve(state: EntityState, event: LoggedEvent): EntityState {
  return { ...state, ...evolves[event.type]?.(state, event) };
}

/** The state before the first event, and after each. */
export function statesOf(events: readonly LoggedEvent[]): readonly EntityState[] {
  const states = [absent];
  for (const event of events) states.push(evolve(states.at(-1)!, event));
  return states;
}

type Holds = (state: EntityState, data: Readonly<Record<string, unknown>>) => boolean;

const isGone: Holds = ({ status }) => status === 'absent' || status === 'deleted';
const hasOut: Holds = ({ open }, { userId }) => [...open.values()].includes(String(userId));

/** When a rejection is right, by the category of the stream that it rests on. Of others nothing is said. */
const reasons: Readonly<Record<string, Readonly<Record<string, Holds>>>> = {
  Book: { BookNotFound: isGone, BookHasOpenRents: ({ refusals }) => refusals > 0 },
  User: { UserNotFound: isGone, UserHasOpenRents: ({ refusals }) => refusals > 0 },
  BookRent: {
    BookNotFound: ({ status }) => status !== 'present',
    AlreadyRented: hasOut,
    // Of what is set aside, nobody but the holder is given.
    NoCopyAvailable: (state) => state.open.size + state.lost.size + setAside(state) >= Number(state.fields['amount']),
    AlreadyOnHold: ({ holds }) => holds.size > 0,
    CopyAvailable: (state) => state.open.size + state.lost.size + setAside(state) < Number(state.fields['amount']),
    HoldNotFound: ({ everHeld }, { holdId }) => Number(String(holdId).split('.')[1]) >= everHeld,
    RentNotOpen: ({ open }, { rentId }) => !open.has(rentId as string),
    RentNotLost: ({ open }, { rentId }) => open.has(rentId as string),
    RentNotFound: (state, { rentId, userId }) =>
      typeof rentId === 'string' ? Number(rentId.split('.')[1]) >= state.rents : !hasOut(state, { userId }),
  },
  Borrower: {
    UserNotFound: ({ status }) => status !== 'present',
    RentLimitReached: ({ open, fields }) => open.size >= Number(fields['rentLimit']),
  },
};

/** Whether a rejection can be right where a stream is in a state; true where it does not rest on that stream. */
export function explainsRejection(
  stream: string,
  state: EntityState,
  code: string,
  data: Readonly<Record<string, unknown>>,
): boolean {
  return reasons[categoryOf(stream)]?.[code]?.(state, data) ?? true;
}
