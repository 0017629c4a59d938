import {
  APP_COLUMNS,
  CALL_COLUMNS,
  type Column,
  type ColumnType,
  DEVICE_COLUMNS,
  FAULT_COLUMNS,
  HOUR_COLUMNS,
  proxyColumns,
  TARGET_COLUMNS,
  type Value,
} from './gateway-columns.ts'
import type { SimulationSettings } from './options.ts'
import { Output, type OutputFile } from './output.ts'
import { dateTimeText, HOUR_US, MS_US } from './times.ts'
import type { GatewayCall } from './traffic.ts'

/**
 * Rows of an export as BigQuery prints them: in JSON integers are strings and a null leaves its key out; delimited
 * files have a header, an empty field for null, and quotes doubled inside quotes where needed (reference: Apigee 3).
 */
export interface RowFormat {
  readonly extension: string
  /** First line of each file, with its end. */
  readonly header: string
  readonly write: (file: OutputFile, call: GatewayCall) => void
}

type CellWriter = (file: OutputFile, value: Value) => void

/** Each cell writes the separator before it; the start of a row is written in place of the first separator. */
interface Dialect {
  readonly extension: string
  readonly rowStart: string
  readonly rowEnd: string
  readonly cell: (name: string, type: ColumnType, isFirst: boolean) => CellWriter
  readonly headerOf: (names: readonly string[]) => string
}

const JSON_UNSAFE = /["\\\u0000-\u001f]/

/** Every value is a quoted text, so that a cell can close the quotes of the one before it. */
const JSON_DIALECT: Dialect = {
  extension: 'json',
  rowStart: '{"',
  rowEnd: '"}\n',
  cell: (name, type, isFirst) => {
    const before = Buffer.from(`${isFirst ? '' : '","'}${name}":"`)
    if (type !== 'text') {
      const write = PLAIN_WRITERS[type]
      return (file, value) => {
        if (value !== undefined) write(file.bytes(before), value)
      }
    }
    return (file, value) => {
      if (value === undefined) return
      const text = String(value)
      file.bytes(before).text(JSON_UNSAFE.test(text) ? JSON.stringify(text).slice(1, -1) : text)
    }
  },
  headerOf: () => '',
}

function delimitedDialect(delimiter: string): Dialect {
  const unsafe = new RegExp(`["\\r\\n${delimiter}]`)
  return {
    extension: 'csv',
    rowStart: '',
    rowEnd: '\n',
    cell: (_name, type, isFirst) => {
      const before = Buffer.from(isFirst ? '' : delimiter)
      if (type !== 'text') {
        const write = PLAIN_WRITERS[type]
        return (file, value) => {
          file.bytes(before)
          if (value !== undefined) write(file, value)
        }
      }
      return (file, value) => {
        const text = String(value ?? '')
        file.bytes(before).text(unsafe.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
      }
    },
    headerOf: names => `${names.join(delimiter)}\n`,
  }
}

/** What BigQuery prints after the second: the fraction dropped when zero, trailing zeros trimmed. */
const FRACTIONS = Array.from({ length: 1000 }, (_, ms) =>
  ms === 0 ? ' UTC' : `.${String(ms).padStart(3, '0').replace(/0+$/, '')} UTC`,
)

/** A BigQuery TIMESTAMP as exports print it, from microseconds cut to the gateway's milliseconds. */
function writeTimestamp(file: OutputFile, us: number): void {
  const ms = Math.floor(us / MS_US)
  const second = Math.floor(ms / 1000)
  file.text(dateTimeText(second)).text(FRACTIONS[ms - second * 1000] ?? '')
}

const PLAIN_WRITERS: Readonly<
  Record<Exclude<ColumnType, 'text'>, (file: OutputFile, value: string | number) => void>
> = {
  code: (file, value) => file.text(String(value)),
  integer: (file, value) => file.integer(Number(value)),
  time: (file, value) => writeTimestamp(file, Number(value)),
}

const DIALECTS: Readonly<Record<SimulationSettings['gatewayFormat'], Dialect>> = {
  ndjson: JSON_DIALECT,
  csv: delimitedDialect(','),
  pipe: delimitedDialect('|'),
  tab: delimitedDialect('\t'),
}

export function rowFormat(format: SimulationSettings['gatewayFormat'], organization: string): RowFormat {
  const dialect = DIALECTS[format]
  const proxies = proxyColumns(organization)
  const proxy = remembered(dialect, proxies, true)
  const target = remembered(dialect, TARGET_COLUMNS)
  const app = remembered(dialect, APP_COLUMNS)
  const device = remembered(dialect, DEVICE_COLUMNS)
  const fault = remembered(dialect, FAULT_COLUMNS)
  const hour = remembered(dialect, HOUR_COLUMNS)
  const writeCall = cellsWriter(dialect, CALL_COLUMNS)
  const groups = [
    proxies,
    TARGET_COLUMNS,
    APP_COLUMNS,
    DEVICE_COLUMNS,
    FAULT_COLUMNS,
    HOUR_COLUMNS,
    CALL_COLUMNS,
  ]
  return {
    extension: dialect.extension,
    header: dialect.headerOf(groups.flatMap(group => group.map(([name]) => name))),
    write: (file, call) => {
      const { received } = call
      file.text(dialect.rowStart)
      file.bytes(proxy(received.application))
      file.bytes(target(call.hasTarget ? received.application : undefined))
      file.bytes(app(call.isVerified ? received.caller.app : undefined))
      file.bytes(device(received.caller.device))
      file.bytes(fault(call.fault))
      file.bytes(hour(Math.floor(call.stamps.clientReceivedStart / HOUR_US)))
      writeCall(file, call)
      file.text(dialect.rowEnd).endRow()
    },
  }
}

function cellsWriter<T>({ cell }: Dialect, columns: readonly Column<T>[], isRowStart = false) {
  const cells = columns.map(([name, type, read], index) => ({
    read,
    write: cell(name, type, isRowStart && index === 0),
  }))
  return (file: OutputFile, from: T): void => {
    for (const { read, write } of cells) write(file, read(from))
  }
}

/** The cells of things that come again and again: made once for each. */
function remembered<T>(
  dialect: Dialect,
  columns: readonly Column<T>[],
  isRowStart = false,
): (from: T) => Uint8Array {
  const write = cellsWriter(dialect, columns, isRowStart)
  const known = new Map<T, Uint8Array>()
  return from => {
    const before = known.get(from)
    if (before !== undefined) return before
    const output = new Output()
    const file = output.open('')
    write(file, from)
    file.close()
    const bytes = Uint8Array.from(output.takeBlocks()[0]?.bytes ?? [])
    known.set(from, bytes)
    return bytes
  }
}
