import type { Period } from './clock.ts'
import { isDuring } from './incidents.ts'
import type { Output, OutputFile } from './output.ts'
import type { RowFormat } from './render-apigee.ts'
import { DAY_SECONDS, dayText, SECOND_US } from './times.ts'
import type { GatewayCall } from './traffic.ts'

const DAY_US = DAY_SECONDS * SECOND_US
/** Rows may come this much later than their day's end before its export is closed. */
const LATE_ROWS_US = 60 * SECOND_US

interface OpenDay {
  readonly day: number
  shard: number
  rows: number
  file: OutputFile
}

export interface GatewayExportOptions {
  readonly output: Output
  readonly format: RowFormat
  /** Folder of the environment, relative to the output folder. */
  readonly folder: string
  readonly shardRows: number
  readonly isCompressed: boolean
  /** Called for each file that is begun: whether it is missing. */
  readonly isMissing: () => boolean
  /** What was cut out of its files, by `client_received_start`. */
  readonly cuts: readonly Period[]
}

/**
 * The exports of one environment: one for each UTC day of `client_received_start` (which stamp the day's window
 * goes by is not documented: assumption), cut into files numbered as BigQuery numbers the shards of an extract.
 */
export class GatewayExport {
  private readonly options: GatewayExportOptions
  private open: OpenDay[] = []

  constructor(options: GatewayExportOptions) {
    this.options = options
  }

  /** @returns false when the file is one of the missing ones or the row was cut out */
  write(call: GatewayCall): boolean {
    const us = call.stamps.clientReceivedStart
    const { format, shardRows, cuts } = this.options
    if (isDuring(cuts, us)) return false
    const current = this.dayOf(Math.floor(us / DAY_US), us)
    if (current.rows === shardRows) {
      current.file.close()
      current.shard++
      current.rows = 0
      current.file = this.openShard(current.day, current.shard)
    }
    format.write(current.file, call)
    current.rows++
    return !current.file.isMissing
  }

  close(): void {
    for (const { file } of this.open) file.close()
    this.open = []
  }

  private dayOf(day: number, us: number): OpenDay {
    for (const one of this.open) if (one.day === day) return one
    const isOver = (one: OpenDay) => us > (one.day + 1) * DAY_US + LATE_ROWS_US
    for (const one of this.open) if (isOver(one)) one.file.close()
    const made: OpenDay = { day, shard: 0, rows: 0, file: this.openShard(day, 0) }
    this.open = [...this.open.filter(one => !isOver(one)), made]
    return made
  }

  private openShard(day: number, shard: number): OutputFile {
    const { output, folder, format, isCompressed, isMissing } = this.options
    const name = `api_${dayText(day)}_to_${dayText(day + 1)}-${String(shard).padStart(12, '0')}.${format.extension}`
    const file = output.open(`${folder}/${name}${isCompressed ? '.gz' : ''}`, isMissing())
    file.text(format.header)
    return file
  }
}
