import { readFileSync, statSync, truncateSync } from 'node:fs'
import { sep } from 'node:path'
import type {
  DuckDBConnection,
  DuckDBInstance,
  DuckDBPreparedStatement,
  DuckDBValue,
  Json,
} from '@duckdb/node-api'
import { passingLater } from '../failpoint.ts'
import { writeFailure } from '../ledger/writing.ts'

/** Loaded with the first database: commands that need none start in half the time. */
const engine = () => import('@duckdb/node-api')

export type Params = Readonly<Record<string, DuckDBValue>>

export interface EngineOptions {
  /** Undefined: the number of cores. */
  readonly threads?: number | undefined
  readonly memoryMiB: number
  /** Folder for what does not fit into memory. */
  readonly spillFolder: string
  /**
   * Keeps the footers of Parquet files: over a month they cost more than the answer. For readers, to whom files do not
   * change under their name; a writer has temporary ones that do.
   */
  readonly keepFooters?: boolean
}

/** A column as written in SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A string as written in SQL: for places where DuckDB takes no parameter (file names, COPY targets, views). */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A list of strings as written in SQL. */
export function quoteTexts(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(', ')}]`
}

/** The text of a SQL file beside the module that asks for it. */
export function sqlFile(name: string, moduleUrl: string): string {
  return readFileSync(new URL(name, moduleUrl), 'utf8')
}

/** Statements kept for another run. */
const MOST_STATEMENTS = 8

/** Rows of a data chunk; DuckDB takes no more. */
const CHUNK_ROWS = 2048

/** Where a statement writes to, as `quoteText` wrote it. */
const COPY_TARGET = /^\s*COPY\b.*\bTO\s+'((?:[^']|'')*)'\s*\([^']*\)\s*$/s

/** The only place that speaks to DuckDB. */
export class Database {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  /** Below it everything that DuckDB writes for a store. */
  readonly #spillFolder: string

  readonly #threads: number | undefined
  readonly #statements = new Map<string, DuckDBPreparedStatement>()

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    { threads, spillFolder }: EngineOptions,
  ) {
    this.#threads = threads
    this.#instance = instance
    this.#connection = connection
    this.#spillFolder = spillFolder
  }

  static async open(options: EngineOptions): Promise<Database> {
    const { threads, memoryMiB, spillFolder, keepFooters } = options
    const { DuckDBInstance } = await engine()
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryMiB}MiB`,
      temp_directory: spillFolder,
      ...(threads ? { threads: String(threads) } : {}),
    })
    const connection = await instance.connect()
    await connection.run(`SET TimeZone = 'UTC'; SET parquet_metadata_cache = ${keepFooters === true}`)
    return new Database(instance, connection, options)
  }

  /**
   * Runs statements without a result.
   *
   * @throws STORE_WRITE where DuckDB cannot write below the folder of its temporary files
   */
  async run(sql: string, params?: Params): Promise<number> {
    const run = async (): Promise<number> => {
      const result = await this.#connection.run(sql, params as Record<string, DuckDBValue> | undefined)
      return result.rowsChanged
    }
    const target = COPY_TARGET.exec(sql)?.[1]?.replaceAll("''", "'")
    if (!target?.startsWith(this.#spillFolder + sep)) return run().catch(error => this.#refused(error))
    const half = (): void => truncateSync(target, statSync(target).size >> 1)
    try {
      return await passingLater('copy', target, run, half)
    } catch (error) {
      throw writeFailure(target, error)
    }
  }

  /** Throws a failure; where a statement that writes nothing by itself fails by writing, that was a spill. */
  #refused(error: unknown): never {
    const { message } = error as Error
    if (!message.includes(this.#spillFolder)) throw error
    throw writeFailure(this.#spillFolder, error)
  }

  /** Rows as JSON values: 64-bit integers as strings, timestamps as `YYYY-MM-DD HH:MM:SS[.ffffff]`. */
  async rows<Row = Record<string, Json>>(sql: string, params?: Params): Promise<Row[]> {
    const reader = await this.#read(sql, params)
    return reader.getRowObjectsJson() as Row[]
  }

  #read(sql: string, params?: Params) {
    return this.#connection
      .runAndReadAll(sql, params as Record<string, DuckDBValue> | undefined)
      .catch(error => this.#refused(error))
  }

  /** The first row; throws where there is none. */
  async row<Row = Record<string, Json>>(sql: string, params?: Params): Promise<Row> {
    const [first] = await this.rows<Row>(sql, params)
    if (first === undefined) throw new Error(`no row from: ${sql.slice(0, 80)}`)
    return first
  }

  /** Columns of DOUBLE values, for what is computed over many rows; NULL is 0. */
  async numbers<Name extends string>(
    sql: string,
    names: readonly Name[],
    params?: Params,
  ): Promise<Record<Name, Float64Array>> {
    const statement = await this.#prepared(sql)
    if (params) statement.bind(params as Record<string, DuckDBValue>)
    const result = await statement.run().catch(error => this.#refused(error))
    const at = new Map(result.columnNames().map((name, index) => [name, index]))
    const chunks = await result.fetchAllChunks()
    const count = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0)
    const column = (name: Name): Float64Array => {
      const values = new Float64Array(count)
      let filled = 0
      for (const chunk of chunks) {
        const vector = chunk.getColumnVector(at.get(name) ?? -1)
        const { itemCount } = vector
        for (let i = 0; i < itemCount; i++) values[filled++] = (vector.getItem(i) as number | null) ?? 0
      }
      return values
    }
    return Object.fromEntries(names.map(name => [name, column(name)])) as Record<Name, Float64Array>
  }

  /** A statement that is run over and over with other parameters is planned once. */
  async #prepared(sql: string): Promise<DuckDBPreparedStatement> {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = await this.#connection.prepare(sql)
    if (this.#statements.size >= MOST_STATEMENTS) this.#forgetStatements()
    this.#statements.set(sql, statement)
    return statement
  }

  #forgetStatements(): void {
    for (const statement of this.#statements.values()) statement.destroySync()
    this.#statements.clear()
  }

  /** Creates a temp table of DOUBLE columns. */
  async createNumbers(
    table: string,
    names: readonly string[],
    columns: readonly (readonly number[])[],
  ): Promise<void> {
    const definition = names.map(name => `${quoteIdentifier(name)} DOUBLE`).join(', ')
    await this.run(`CREATE OR REPLACE TEMP TABLE ${quoteIdentifier(table)} (${definition})`)
    const { DOUBLE, DuckDBDataChunk } = await engine()
    const appender = await this.#connection.createAppender(table)
    const count = columns[0]?.length ?? 0
    for (let from = 0; from < count; from += CHUNK_ROWS) {
      const chunk = DuckDBDataChunk.create(
        names.map(() => DOUBLE),
        Math.min(CHUNK_ROWS, count - from),
      )
      chunk.setColumns(columns.map(column => column.slice(from, from + CHUNK_ROWS)))
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
  }

  /** Streams rows in batches. */
  async *stream<Row = Record<string, Json>>(sql: string, params?: Params): AsyncGenerator<Row[]> {
    const result = await this.#connection.stream(sql, params as Record<string, DuckDBValue> | undefined)
    for await (const rows of result.yieldRowObjectJson()) yield rows as Row[]
  }

  /** How many threads queries run on from here on; undefined: as many as the database was opened with. */
  async useThreads(threads?: number): Promise<void> {
    await this.run(
      threads === undefined && this.#threads === undefined
        ? 'RESET threads'
        : `SET threads = ${threads ?? this.#threads}`,
    )
  }

  close(): void {
    this.#forgetStatements()
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}
