import type { StagedSegment } from '../store/dedupe.ts'
import { type Database, quoteTexts } from '../store/query.ts'
import { SHIPPED_FROM } from '../store/shipped.ts'
import type { EarlierLine } from './tail.ts'

/**
 * Lines of a source that earlier entries took in, by the id they would have as the first of their kind. Equal lines of
 * one second are numbered within their source, so what is numbered now must know what was numbered before a cut.
 * Lines are written nearly in order of time: two minutes before the last are enough. Records of an export stand in any
 * order; the few without an id of their own are all kept. Wrapped lines whose offset the shipper told are left out: the
 * store itself says which of them it has.
 */
const WINDOW_SECONDS = 120
/** Lines that have been entered since those outside the window were last let go. */
const LETTING_GO_ROWS = 200_000

/** Keeps the lines of sources that go on, and hands them to `dedupe` as `carried`. */
export class CarriedLines {
  readonly #db: Database
  readonly #sources = new Set<number>()
  #entered = 0

  private constructor(db: Database) {
    this.#db = db
  }

  static async create(db: Database): Promise<CarriedLines> {
    await db.run(
      `CREATE OR REPLACE TEMP TABLE carried_lines (source_id INTEGER, hop_id UUID, log VARCHAR, stamp TIMESTAMP, seen BIGINT);
       CREATE OR REPLACE TEMP TABLE carried_next AS SELECT * FROM carried_lines;
       CREATE OR REPLACE TEMP TABLE repeated_ids (hop_id UUID);
       CREATE OR REPLACE TEMP VIEW carried AS
         SELECT source_id, hop_id, log, sum(seen)::BIGINT AS seen FROM carried_lines
         WHERE hop_id IN (SELECT hop_id FROM repeated_ids) GROUP BY ALL`,
    )
    return new CarriedLines(db)
  }

  /** Notes the lines of sources that go on in a later entry. To be called before their ids are made unique. */
  async note(sourceIds: readonly number[], staged: readonly StagedSegment[]): Promise<void> {
    await this.#db.run('CREATE OR REPLACE TEMP TABLE carried_next AS SELECT * FROM carried_lines WHERE FALSE')
    if (sourceIds.length === 0) return
    for (const id of sourceIds) this.#sources.add(id)
    for (const { kind, select } of LINES) {
      const files = staged.filter(s => s.kind === kind).map(s => s.file)
      if (files.length === 0) continue
      this.#entered += await this.#db.run(
        `INSERT INTO carried_next
         SELECT source_id, hop_id, ${select.log}, ${select.stamp}, count(*) FROM read_parquet(${quoteTexts(files)})
         WHERE source_id IN (SELECT unnest(string_split($ids, ' ')::INTEGER[])) AND ${select.where} GROUP BY ALL`,
        { ids: sourceIds.join(' ') },
      )
    }
  }

  /** Puts the noted lines into force, after the entry. */
  async apply(): Promise<void> {
    await this.#db.run('INSERT INTO carried_lines SELECT * FROM carried_next')
    if (this.#entered < LETTING_GO_ROWS) return
    this.#entered = 0
    // A new table, as one that rows were deleted from keeps their memory.
    await this.#keep(
      `QUALIFY stamp IS NULL OR stamp >= max(stamp) OVER (PARTITION BY source_id) - to_seconds(${WINDOW_SECONDS})`,
    )
  }

  /** Enters lines that stand before the place where a grown source is resumed. */
  async enter(sourceId: number, lines: readonly EarlierLine[]): Promise<void> {
    if (lines.length === 0) return
    this.#sources.add(sourceId)
    await this.#db.run(
      `INSERT INTO carried_lines
       SELECT $source, l.hopId, l.log, NULL, count(*)
       FROM (SELECT unnest(from_json($lines, '[{"hopId":"UUID","log":"VARCHAR"}]')) AS l) GROUP BY ALL`,
      { source: sourceId, lines: JSON.stringify(lines) },
    )
  }

  /** Lets the lines of sources go that have ended. */
  async forget(sourceIds: readonly number[]): Promise<void> {
    const known = sourceIds.filter(id => this.#sources.delete(id))
    if (known.length > 0) await this.#keep(`WHERE source_id NOT IN (${known.map(Math.trunc).join(', ')})`)
  }

  async #keep(condition: string): Promise<void> {
    await this.#db.run(
      `CREATE OR REPLACE TEMP TABLE carried_kept AS SELECT * FROM carried_lines ${condition};
       CREATE OR REPLACE TEMP TABLE carried_lines AS SELECT * FROM carried_kept;
       DROP TABLE carried_kept`,
    )
  }
}

const LINES = [
  {
    kind: 'app',
    select: { log: SHIPPED_FROM.log, stamp: 'end_ts', where: `(${SHIPPED_FROM.spot}) IS NULL` },
  },
  {
    kind: 'kernel',
    select: { log: SHIPPED_FROM.log, stamp: 'end_ts', where: `(${SHIPPED_FROM.spot}) IS NULL` },
  },
  { kind: 'gateway', select: { log: 'NULL', stamp: 'NULL', where: 'message_id IS NULL' } },
] as const
