import { foldedWords, queriedWords } from '@shelfmark/contracts';
import { shown } from '../views/list-query.js';
import { maxCountedRows } from '../views/page.js';
import type { SqlValues } from '../views/sql-values.js';
import type { CataloguePlace, CatalogueSort } from './catalogue-place.js';
import type { Spellings } from './spellings.js';

export interface CatalogueQuery {
  readonly q?: string | undefined;
  readonly isbn?: string | undefined;
  readonly language?: string | undefined;
  readonly available?: boolean | undefined;
  readonly subject?: string | undefined;
  readonly sort: CatalogueSort;
  readonly limit: number;
  readonly place: CataloguePlace | undefined;
  readonly spellings: Spellings;
}

/** How many rows were looked at, what part they are of all, and how many of them fulfil each of the conditions. */
export type Sample = readonly [rows: number, part: number, ...fulfilling: number[]];

/** How many of the rows that were found have each value, the most frequent first. */
export interface Facets {
  readonly language: readonly FacetValue<string>[];
  readonly available: readonly FacetValue<boolean>[];
  readonly subject: readonly FacetValue<string>[];
}

interface FacetValue<Value> {
  readonly value: Value;
  readonly count: number;
}

/** What lists are sorted by within a tier; the id decides between equals. */
export const orders = {
  relevance: { column: 'title_key', ascending: true, key: 'title_key', compare: (key: string) => key },
  title: { column: 'title_key', ascending: true, key: 'title_key', compare: (key: string) => key },
  newest: {
    column: 'created_at',
    ascending: false,
    // In microseconds, for that is how exactly Postgres compares.
    key: '(extract(epoch FROM created_at) * 1000000)::bigint::text',
    compare: (key: string) => `timestamptz 'epoch' + ${key}::bigint * interval '1 microsecond'`,
  },
} as const;

/** Facets are counted in so many of the rows that are found. */
export const maxFacetedRows = 1_000;
/** Of one facet. */
export const maxFacetValues = 20;

/** What an entry of an index costs that is read, where a row that is fetched and looked at costs one. */
const costOfEntry = 0.1;
/** The words that may be looked up are the longest, which are the rarest as a rule. */
const maxWordsLookedUp = 6;
const sampledBytes = 600_000;

/** A piece of SQL whose values go with the statement that it becomes part of. */
type Sql = (values: SqlValues) => string;

interface Condition {
  /** So that no index is used for it. */
  readonly filter: Sql;
  /** So that an index is, where there is one. */
  readonly lookUp?: Sql;
}

/** The ways in which a word of the query may be written; one that ends in an asterisk is the beginning of a word. */
type Group = readonly string[];

/** The rows that answer the query equally well. */
interface Tier {
  readonly filter: Sql;
  /** Finds at least the tier's rows by some of the words. */
  readonly lookUp: (groups: readonly Group[]) => Sql;
}

/** How to find rows: with these conditions that indexes serve, or where there are none, along the list. */
interface Way {
  readonly cost: number;
  readonly lookUps: readonly Sql[];
}

/**
 * Makes the SQL of a list of titles. There are two ways to find rows: to look up all that match in an index and sort them, which
 * is good for what is rare, and to go along the list until the page is full, which is good for what is frequent. Postgres cannot know
 * what is frequent together, and the wrong way takes seconds in a million titles. So a small sample, the same at every time, is looked
 * at before, and the ways are estimated by it. They lead to the same rows in the same order: a wrong estimate costs time alone.
 */
export class CatalogueSearch {
  readonly #query: CatalogueQuery;
  readonly #filters: readonly Condition[];
  readonly #groups: readonly Group[];
  /** From the best to the last. */
  readonly #tiers: readonly Tier[];

  constructor(query: CatalogueQuery) {
    this.#query = query;
    this.#filters = filtersOf(query);
    this.#groups = queriedWords(query.q ?? '')
      .sort((one, other) => other.length - one.length)
      .map((word) => [`${word}*`, ...(query.spellings.get(word) ?? [])]);
    // A query without a letter or a digit finds nothing.
    const nothing: Tier = { filter: () => 'false', lookUp: () => () => 'false' };
    const anywhere =
      query.q !== undefined && this.#groups.length === 0 ? nothing : wordTier(this.#groups, ['t', 'a', 's']);
    this.#tiers =
      query.sort === 'relevance' && this.#groups.length > 0
        ? [
            titleTier(foldedWords(query.q!), this.#groups),
            wordTier(this.#groups, ['t'], { whole: true }),
            wordTier(this.#groups, ['t']),
            wordTier(this.#groups, ['t', 'a']),
            anywhere,
          ]
        : [anywhere];
  }

  /** The column `sample`. */
  sample(values: SqlValues): string {
    const part = `least(1, ${sampledBytes}.0 / greatest(pg_relation_size('books.book'), 1))`;
    const counts = this.#sampled(values).map((condition) => `count(*) FILTER (WHERE ${condition})`);
    return `(SELECT json_build_array(count(*), ${[part, ...counts].join(', ')})
      FROM books.book TABLESAMPLE SYSTEM (100 * ${part}) REPEATABLE (1) WHERE ${shown}) AS sample`;
  }

  /** The columns `rows`, one more than asked for where there is one, in the order of reading; and `counts`. */
  page(columns: string, sample: Sample, values: SqlValues): string {
    const estimate = new Estimate(sample, this.#filters, this.#lookedUpGroups(), this.#tiers);
    const { sort, limit } = this.#query;
    return `
      (SELECT coalesce(json_agg(page), '[]') FROM (
        SELECT ${columns}, tier, ${orders[sort].key} AS "sortKey"
        FROM (${this.#found(estimate, values)} LIMIT ${limit + 1}) AS found (found_id, tier)
        JOIN books.book ON id = found_id
        ORDER BY ${this.#order('tier')}
      ) AS page) AS rows,
      (WITH matched AS MATERIALIZED (${this.#matched(estimate, values)} LIMIT ${maxCountedRows + 1}),
        faceted AS MATERIALIZED (SELECT * FROM matched LIMIT ${maxFacetedRows})
      SELECT json_build_object(
        'total', (SELECT count(*) FROM matched),
        'language', ${facet('faceted, jsonb_array_elements_text(languages) AS value')},
        'available', ${facet('(SELECT available AS value FROM faceted) AS each')},
        'subject', ${facet('faceted, jsonb_array_elements_text(subjects) AS value')}
      )) AS counts`;
  }

  /** What {@link Estimate} reads in the same order. */
  #sampled(values: SqlValues): string[] {
    const listed = this.#tiers.map((_, index) => this.#where(values, this.#inTier(index)));
    return [
      ...this.#filters.map(({ filter }) => filter(values)),
      ...this.#lookedUpGroups().map((group) => wordTier([group], ['t', 'a', 's']).filter(values)),
      ...this.#tiers.map(({ filter }) => filter(values)),
      ...listed,
      this.#where(values, [this.#tiers.at(-1)!.filter]),
    ];
  }

  /** The rows from the place on, the best first. */
  #found(estimate: Estimate, values: SqlValues): string {
    const { limit, place } = this.#query;
    const backwards = place?.towards === 'prev';
    const tiers = this.#tiers
      .map((_, index) => index)
      .filter((index) => !place || (backwards ? index <= place.tier : index >= place.tier));
    if (backwards) tiers.reverse();
    const all = estimate.wayToAll();
    // Nor does the cursor of another query that names a tier which this one does not have.
    if (tiers.length === 0) return 'SELECT id, 0 FROM books.book WHERE false';
    if (tiers.length > 1 && all.cost < estimate.costOf(tiers, limit)) return this.#foundAtOnce(all, values);
    // One after the other, and no further than the page goes.
    const parts = tiers.map((index) => this.#foundInTier(index, estimate.wayTo(index, limit), values));
    return `SELECT * FROM (${parts.join(' UNION ALL ')}) AS tiers`;
  }

  #foundInTier(index: number, { lookUps }: Way, values: SqlValues): string {
    const { place, sort, limit } = this.#query;
    const where = this.#where(values, [...lookUps, ...this.#inTier(index)]);
    const after = place?.tier === index ? ` AND ${this.#after(place, values)}` : '';
    // Else Postgres might go along the list all the same.
    const fence = lookUps.length > 0 ? 'OFFSET 0' : '';
    return `(SELECT id, ${index} AS tier
      FROM (SELECT id, ${orders[sort].column} FROM books.book WHERE ${where}${after} ${fence}) AS matching
      ORDER BY ${this.#order()} LIMIT ${limit + 1})`;
  }

  #foundAtOnce({ lookUps }: Way, values: SqlValues): string {
    const { place } = this.#query;
    const tier = this.#tiers.map(({ filter }, index) => `WHEN ${filter(values)} THEN ${index}`).join(' ');
    const after = place ? `WHERE ${this.#after(place, values, 'tier')}` : '';
    return `SELECT id, tier FROM (
        SELECT id, title_key, CASE ${tier} END AS tier FROM books.book
        WHERE ${this.#where(values, [...lookUps, this.#tiers.at(-1)!.filter])} OFFSET 0) AS matching
      ${after} ORDER BY ${this.#order('tier')}`;
  }

  /** All rows, in no order. */
  #matched(estimate: Estimate, values: SqlValues): string {
    const where = this.#where(values, [...estimate.wayToCount().lookUps, this.#tiers.at(-1)!.filter]);
    return `SELECT languages, subjects, amount > in_use AS available FROM books.book WHERE ${where}`;
  }

  #where(values: SqlValues, conditions: readonly Sql[]): string {
    const all = [...conditions, ...this.#filters.map(({ filter }) => filter)];
    return [shown, ...all.map((condition) => condition(values))].join(' AND ');
  }

  /** A row is in the first tier whose condition it fulfils. */
  #inTier(index: number): Sql[] {
    const earlier = this.#tiers.slice(0, index).map(
      ({ filter }): Sql =>
        (values) =>
          `NOT ${filter(values)}`,
    );
    return [this.#tiers[index]!.filter, ...earlier];
  }

  #lookedUpGroups(): readonly Group[] {
    return this.#groups.slice(0, maxWordsLookedUp);
  }

  #order(...before: readonly string[]): string {
    const { sort, place } = this.#query;
    const direction = orders[sort].ascending === (place?.towards === 'prev') ? 'DESC' : 'ASC';
    return [...before, orders[sort].column, 'id'].map((column) => `${column} ${direction}`).join(', ');
  }

  #after({ towards, tier, key, id }: CataloguePlace, values: SqlValues, ...before: readonly 'tier'[]): string {
    const { column, ascending, compare } = orders[this.#query.sort];
    const columns = [...before, column, 'id'].join(', ');
    const place = [...before.map(() => tier), compare(`${values.add(key)}::text`), `${values.add(id)}::uuid`].join(
      ', ',
    );
    return `(${columns}) ${ascending === (towards === 'prev') ? '<' : '>'} (${place})`;
  }
}

/** What the ways cost, in rows fetched. */
class Estimate {
  readonly #rows: number;
  readonly #filters: readonly number[];
  readonly #groups: readonly number[];
  readonly #tiers: readonly number[];
  readonly #listed: readonly number[];
  readonly #all: number;

  constructor(
    [sampled, part, ...fulfilling]: Sample,
    private readonly filters: readonly Condition[],
    private readonly groups: readonly Group[],
    private readonly tiers: readonly Tier[],
  ) {
    this.#rows = sampled / part;
    // What is in none of the sampled rows may still be in half of one.
    const frequencies = fulfilling.map((count) => Math.max(count, 0.5) / Math.max(sampled, 1));
    const next = (count: number): number[] => frequencies.splice(0, count);
    this.#filters = next(filters.length);
    this.#groups = next(groups.length);
    this.#tiers = next(tiers.length);
    this.#listed = next(tiers.length);
    [this.#all] = next(1) as [number];
  }

  /** To a page of one tier. */
  wayTo(tier: number, limit: number): Way {
    return cheaper(this.#lookUp(tier), { cost: Math.min(this.#rows, limit / this.#listed[tier]!), lookUps: [] });
  }

  /** To a page of several, which are read one after the other until it is full. */
  costOf(tiers: readonly number[], limit: number): number {
    let [cost, rows] = [0, 0];
    for (const tier of tiers) {
      if (rows > limit) break;
      cost += this.wayTo(tier, limit).cost;
      rows += this.#listed[tier]! * this.#rows;
    }
    return cost;
  }

  /** To all rows, to sort them. */
  wayToAll(): Way {
    return cheaper(this.#lookUp(this.tiers.length - 1), { cost: this.#rows, lookUps: [] });
  }

  /** To as many as are counted. */
  wayToCount(): Way {
    return cheaper(this.#lookUp(this.tiers.length - 1, maxCountedRows), {
      cost: Math.min(this.#rows, maxCountedRows / this.#all),
      lookUps: [],
    });
  }

  /** @param limit ends the fetching when so many rows are found */
  #lookUp(tier: number, limit = Infinity): Way {
    const { lookUp } = this.tiers[tier]!;
    const words = this.groups.map((group, index) => ({
      group,
      frequency: this.groups.length === 1 ? this.#tiers[tier]! : this.#groups[index]!,
    }));
    const others = this.filters.flatMap((condition, index) =>
      condition.lookUp ? [{ lookUp: condition.lookUp, frequency: this.#filters[index]! }] : [],
    );
    const known = [...words, ...others].map(({ frequency }) => frequency).sort((one, other) => one - other);
    const found = Math.min(this.#all, this.#tiers[tier]!);
    // The rarest one, the two that are rarest, and so on: each makes the rows fewer and has entries to be read.
    return known
      .map((most, index): Way => {
        const used = words.filter(({ frequency }) => frequency <= most).map(({ group }) => group);
        const lookUps = others.filter(({ frequency }) => frequency <= most).map((other) => other.lookUp);
        if (used.length > 0) lookUps.push(lookUp(used));
        const fetched = index === known.length - 1 ? found : known[0]!;
        const entries = known.slice(0, index + 1).reduce((sum, frequency) => sum + frequency, 0);
        const rows = Math.min(fetched * this.#rows, (limit * fetched) / found);
        return { cost: entries * this.#rows * costOfEntry + rows, lookUps };
      })
      .reduce(cheaper, { cost: Infinity, lookUps: [] });
  }
}

function cheaper(one: Way, other: Way): Way {
  return one.cost < other.cost ? one : other;
}

function filtersOf({ isbn, language, available, subject }: CatalogueQuery): Condition[] {
  const conditions: Condition[] = [];
  if (isbn !== undefined) {
    const is: Sql = (values) => `isbn = ${values.add(isbn)}`;
    conditions.push({ filter: is, lookUp: is });
  }
  if (language !== undefined) {
    conditions.push({
      filter: (values) => `jsonb_contains(languages, to_jsonb(${values.add(language)}::text))`,
      lookUp: (values) => `languages @> to_jsonb(${values.add(language)}::text)`,
    });
  }
  if (subject !== undefined) {
    const groups = queriedWords(subject).map((word) => [`${word}*`]);
    conditions.push({
      filter: (values) => `jsonb_contains(subjects, to_jsonb(${values.add(subject)}::text))`,
      // It has no index of its own: a subject's words are in that of the words.
      ...(groups.length > 0 && { lookUp: wordTier(groups, ['s']).lookUp(groups) }),
    });
  }
  if (available !== undefined) conditions.push({ filter: () => (available ? 'amount > in_use' : 'amount <= in_use') });
  return conditions;
}

/** Titles that begin as the query does. */
function titleTier(start: string, groups: readonly Group[]): Tier {
  return {
    // No character comes after the last one.
    filter: (values) => `(title_key >= ${values.add(start)} AND title_key < ${values.add(`${start}\u{10ffff}`)})`,
    lookUp: wordTier(groups, ['t']).lookUp,
  };
}

/** The fields that have words, by the letter that theirs begin with in the view. */
const fieldWords = { t: 'title_words', a: 'author_words', s: 'subject_words' } as const;

type Field = keyof typeof fieldWords;

/** Rows with each of the words in one of the fields. */
function wordTier(groups: readonly Group[], fields: readonly Field[], { whole = false } = {}): Tier {
  if (groups.length === 0) return { filter: () => 'true', lookUp: () => () => 'true' };
  const inField = (group: Group, field: Field): string => group.map((word) => lexeme(field, word, whole)).join('|');
  // Field by field, because to put the three together for every row that is looked at costs more than all else.
  const has =
    (group: Group): Sql =>
    (values) =>
      fields
        .map((field) => `ts_match_vq(${fieldWords[field]}, ${values.add(inField(group, field))}::tsquery)`)
        .join(' OR ');
  const tsquery = (some: readonly Group[]): string =>
    some.map((group) => `(${fields.map((field) => inField(group, field)).join('|')})`).join('&');
  return {
    filter: (values) => `(${groups.map((group) => `(${has(group)(values)})`).join(' AND ')})`,
    lookUp: (some) => (values) =>
      `(title_words || author_words || subject_words) @@ ${values.add(tsquery(some))}::tsquery`,
  };
}

function lexeme(field: Field, word: string, whole: boolean): string {
  const isBeginning = word.endsWith('*');
  return `'${field}${isBeginning ? word.slice(0, -1) : word}'${isBeginning && !whole ? ':*' : ''}`;
}

function facet(values: string): string {
  return `(SELECT coalesce(json_agg(each_value), '[]') FROM (
    SELECT value, count(*) FROM ${values} GROUP BY value ORDER BY count(*) DESC, value LIMIT ${maxFacetValues}
  ) AS each_value)`;
}
