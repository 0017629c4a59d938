import type { OutputFile } from './output.ts'
import { HOUR_US } from './times.ts'

/** Whose records are counted: an IIS host, or an environment of the gateway. */
export type Recorder =
  | { readonly side: 'app'; readonly host: string; readonly site: string }
  | { readonly side: 'gateway'; readonly organization: string; readonly environment: string }

interface HourCount {
  readonly of: Recorder
  readonly hourUs: number
  written: number
  lost: number
}

/**
 * `hours.ndjson`: how many records of each log and hour were written, and how many were lost by the file or by the
 * while (records that are lost one by one are not counted). One line for each that had any: `kind` always `hour`,
 * `side`, who recorded, `hour_us` the start of the hour by the stamps in the logs, `written`, `lost`.
 */
export class HourCounts {
  readonly #counts = new Map<string, HourCount>()

  count(of: Recorder, us: number, isLost: boolean): void {
    const hourUs = Math.floor(us / HOUR_US) * HOUR_US
    const key = `${Object.values(of).join(' ')} ${hourUs}`
    const found = this.#counts.get(key) ?? { of, hourUs, written: 0, lost: 0 }
    this.#counts.set(key, found)
    if (isLost) found.lost++
    else found.written++
  }

  write(file: OutputFile): void {
    for (const { of, hourUs, written, lost } of this.#counts.values())
      file.text(`${JSON.stringify({ kind: 'hour', ...of, hour_us: hourUs, written, lost })}\n`).endRow()
  }
}
