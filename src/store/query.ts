import { readFileSync } from 'node:fs'
import type { DuckDBConnection, DuckDBInstance, DuckDBValue, Json } from '@duckdb/node-api'

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

/** Rows of a data chunk; DuckDB takes no more. */
const CHUNK_ROWS = 2048

/** The only place that speaks to DuckDB. */
export class Database {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  static async open({ threads, memoryMiB, spillFolder, keepFooters }: EngineOptions): Promise<Database> {
    const { DuckDBInstance } = await engine()
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryMiB}MiB`,
      temp_directory: spillFolder,
      ...(threads ? { threads: String(threads) } : {}),
    })
    const connection = await instance.connect()
    await connection.run(`SET TimeZone = 'UTC'; SET parquet_metadata_cache = ${keepFooters === true}`)
    return new Database(instance, connection)
  }

  /** Runs statements without a result. */
  async run(sql: string, params?: Params): Promise<number> {
    const result = await this.#connection.run(sql, params as Record<string, DuckDBValue> | undefined)
    return result.rowsChanged
  }

  /** Rows as JSON values: 64-bit integers as strings, timestamps as `YYYY-MM-DD HH:MM:SS[.ffffff]`. */
  async rows<Row = Record<string, Json>>(sql: string, params?: Params): Promise<Row[]> {
    const reader = await this.#connection.runAndReadAll(
      sql,
      params as Record<string, DuckDBValue> | undefined,
    )
    return reader.getRowObjectsJson() as Row[]
  }

  /** The first row; throws where there is none. */
  async row<Row = Record<string, Json>>(sql: string, params?: Params): Promise<Row> {
    const [first] = await this.rows<Row>(sql, params)
    if (first === undefined) throw new Error(`no row from: ${sql.slice(0, 80)}`)
    return first
  }

  /** Columns of DOUBLE values, for what is computed over many rows. */
  async numbers<Name extends string>(
    sql: string,
    names: readonly Name[],
    params?: Params,
  ): Promise<Record<Name, Float64Array>> {
    const reader = await this.#connection.runAndReadAll(
      sql,
      params as Record<string, DuckDBValue> | undefined,
    )
    const at = new Map(reader.columnNames().map((name, index) => [name, index]))
    const columns = reader.getColumns()
    const column = (name: Name): Float64Array =>
      Float64Array.from((columns[at.get(name) ?? -1] ?? []) as number[])
    return Object.fromEntries(names.map(name => [name, column(name)])) as Record<Name, Float64Array>
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

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}
