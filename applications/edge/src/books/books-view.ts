import { Inject, Injectable } from '@nestjs/common';
import { type BookRow, parseIsbn, queriedWords } from '@shelfmark/contracts';
import type { FastifyRequest } from 'fastify';
import { type HalDocument, linkTo } from '../http/hal.js';
import { listDocument } from '../http/list-document.js';
import type { JsonSchema } from '../http/json-schema.js';
import type { Positions } from '../http/positions.js';
import {
  ParameterFault,
  type Parameter,
  type QueryOf,
  flag,
  matching,
  oneOf,
  specified,
  words,
} from '../http/query.js';
import type { Representation } from '../openapi/operation.js';
import { pageParameters, shown } from '../views/list-query.js';
import { type Page, cut, defaultPageRows } from '../views/page.js';
import { RowReader, type ShownRows } from '../views/row-reader.js';
import { SqlValues } from '../views/sql-values.js';
import { ViewReader } from '../views/view-reader.js';
import { books } from './books.js';
import { formatPlace, parsePlace } from './catalogue-place.js';
import {
  type CatalogueQuery,
  CatalogueSearch,
  type Facets,
  maxFacetValues,
  maxFacetedRows,
  type Sample,
} from './catalogue-search.js';
import { type Spellings, maxCorrectedWords, maxSpellings, nearest } from './spellings.js';

const anyIsbn: Parameter<string> = specified(
  { type: 'string', description: 'An ISBN-10 or ISBN-13, with or without hyphens.' },
  (text) => {
    const parsed = parseIsbn(text);
    if ('fault' in parsed) throw new ParameterFault(`must be an ISBN: ${parsed.fault}`);
    return parsed.isbn;
  },
);

export const bookQuery = {
  q: words(200),
  isbn: anyIsbn,
  language: matching(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/, 'a language as BCP 47 writes it'),
  available: flag,
  subject: words(1_000),
  sort: specified(
    { description: 'By relevance unless it is said otherwise, and by title where there is no q.' },
    oneOf('relevance', 'title', 'newest'),
  ),
  ...pageParameters,
};

/** What {@link representBook} needs of `books.book`. */
export const bookColumns = `
  id, revision, title, authors, isbn, languages, subjects, year, amount, in_use AS "inUse",
  created_at AS "createdAt", updated_at AS "updatedAt",
  EXISTS (SELECT FROM books.dead_letter WHERE entity = book.id::text) AS parked`;

const shownBooks: ShownRows = {
  views: ['books'],
  table: 'books.book',
  condition: shown,
  columns: () => bookColumns,
};

/** A page of titles, with what they were found by. */
export interface CataloguePage extends Page<BookRow> {
  readonly facets: Facets;
  /** What was looked for as well, because nothing was found as it was typed. */
  readonly spellings: Spellings;
}

type FoundTitle = BookRow & { readonly tier: number; readonly sortKey: string };

interface FoundTitles {
  readonly rows: readonly FoundTitle[];
  readonly counts: Facets & { readonly total: number };
}

const asTyped: Spellings = new Map();

/** The catalogue, as the view shows it. */
@Injectable()
export class BooksView extends RowReader<BookRow> {
  constructor(@Inject(ViewReader) reader: ViewReader) {
    super(reader, shownBooks);
  }

  async list(query: QueryOf<typeof bookQuery>, positions: Positions): Promise<CataloguePage> {
    const {
      q,
      isbn,
      cursor,
      limit = defaultPageRows,
      sort = q === undefined ? 'title' : 'relevance',
      ...filters
    } = query;
    const place = cursor === undefined ? undefined : parsePlace(cursor, sort);
    const asked = { ...filters, ...isbnOrWords(q, isbn), sort, limit, place, spellings: place?.spellings ?? asTyped };
    const page = await this.#page(asked, positions);
    if (page.total > 0 || place || asked.q === undefined) return page;
    const spellings = await this.#spellings(queriedWords(asked.q));
    return spellings.size === 0 ? page : this.#page({ ...asked, spellings }, positions);
  }

  async #page(query: CatalogueQuery, positions: Positions): Promise<CataloguePage> {
    const search = new CatalogueSearch(query);
    const [sampleValues, values] = [new SqlValues(), new SqlValues()];
    // What is only estimated need not wait.
    const { sample } = await this.reader.read<{ sample: Sample }>(
      new Map(),
      ['books'],
      search.sample(sampleValues),
      sampleValues,
    );
    const select = search.page(bookColumns, sample, values);
    const { rows, counts } = await this.reader.read<FoundTitles>(positions, ['books'], select, values);
    const { total, ...facets } = counts;
    const { sort, limit, place, spellings } = query;
    const cursorAt = (towards: 'next' | 'prev', { tier, sortKey: key, id }: FoundTitle): string =>
      formatPlace(sort, { towards, tier, key, id }, spellings);
    return { ...cut(rows, place?.towards, limit, cursorAt), total, facets, spellings };
  }

  /** Words of the catalogue that may have been meant. */
  async #spellings(typed: readonly string[]): Promise<Spellings> {
    const values = new SqlValues();
    const candidates = typed.slice(0, maxCorrectedWords).map((word) => {
      const given = `${values.add(word)}::text`;
      // No slip makes a word that much longer or shorter.
      return `ARRAY(SELECT word FROM books.word
        WHERE word OPERATOR(public.%) ${given} AND abs(length(word) - length(${given})) <= 3
        ORDER BY public.similarity(word, ${given}) DESC, word LIMIT 200)`;
    });
    const select = `json_build_array(${candidates.join(', ')}) AS words`;
    const { words: found } = await this.reader.read<{ words: string[][] }>(new Map(), ['books'], select, values);
    const near = typed.map((word, index) => [word, nearest(word, found[index] ?? [])] as const);
    return new Map(near.filter(([, words]) => words.length > 0));
  }
}

/** An ISBN is understood in a query too, in any form and after the word. */
function isbnOrWords(q: string | undefined, isbn: string | undefined): Pick<CatalogueQuery, 'q' | 'isbn'> {
  const parsed = parseIsbn(q?.replace(/^\s*isbn(?:-1[03])?\s*:?/iu, '') ?? '');
  return 'isbn' in parsed && (isbn === undefined || isbn === parsed.isbn) ? { isbn: parsed.isbn } : { q, isbn };
}

/** What {@link representBook} makes. */
export const bookRepresentation: Representation = {
  name: 'Book',
  row: 'BookRow',
  of: books,
  hides: ['revision'],
  adds: { available: { type: 'integer', minimum: 0, description: 'How many copies are free.' } },
  links: ['self', 'rents', 'holds', 'history'],
};

export function representBook(row: BookRow): HalDocument {
  const { id, title, authors, isbn, languages, subjects, year, amount, inUse, createdAt, updatedAt, parked } = row;
  const self = linkTo(books.path, id);
  return {
    id,
    title,
    authors,
    isbn,
    languages,
    subjects,
    year,
    amount,
    inUse,
    // Fewer copies may be owned than are in use, once the number was lowered.
    available: Math.max(0, amount - inUse),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    ...(parked ? { parked } : {}),
    _links: {
      self,
      rents: linkTo(self.href, 'rents'),
      holds: linkTo(self.href, 'holds'),
      history: linkTo(self.href, 'history'),
    },
  };
}

/** @param maxItems how many values are told, those first that most have */
const counted = (value: JsonSchema, maxItems: number, description: string): JsonSchema => ({
  type: 'array',
  maxItems,
  items: {
    type: 'object',
    properties: {
      value,
      count: { type: 'integer', minimum: 1, maximum: maxFacetedRows, description: 'How many have it.' },
    },
    required: ['value', 'count'],
  },
  description,
});

/** What {@link representCatalogue} adds to a page. */
export const catalogueMembers: Readonly<Record<string, JsonSchema>> = {
  spellings: {
    type: 'object',
    maxProperties: maxCorrectedWords,
    additionalProperties: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: maxSpellings },
    description: [
      'There where nothing was found as it was typed: by each such word of `q`, in lower case and without accents,',
      'the words of the catalogue that were looked for as well, the nearest first. All pages of the list look for the same.',
    ].join(' '),
    examples: [{ frankinstein: ['frankenstein'] }],
  },
  _facets: {
    type: 'object',
    properties: {
      countedIn: {
        type: 'integer',
        minimum: 0,
        maximum: maxFacetedRows,
        description: 'In how many of the titles that were found it was counted: all, or so many.',
      },
      language: counted(
        { type: 'string', examples: ['en'] },
        maxFacetValues,
        'By language. A title in two languages counts in both. `language=` finds those with one.',
      ),
      available: counted({ type: 'boolean' }, 2, 'By whether a copy is free. `available=` finds either.'),
      subject: counted(
        { type: 'string', examples: ['Calculators'] },
        maxFacetValues,
        'By subject, as the titles have it. `subject=` finds those with one.',
      ),
    },
    required: ['countedIn', 'language', 'available', 'subject'],
    description:
      'How many of the titles that were found have which value, also those of other pages; the most frequent first.',
  },
};

/** A page of the catalogue; its facets are counted in the first so many rows that were found. */
export function representCatalogue(request: FastifyRequest, page: CataloguePage): HalDocument {
  const { facets, spellings, total } = page;
  return {
    ...listDocument(request, 'books', page, representBook),
    ...(spellings.size > 0 && { spellings: Object.fromEntries(spellings) }),
    _facets: { countedIn: Math.min(total, maxFacetedRows), ...facets },
  };
}
