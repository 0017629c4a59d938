import type { ChunkLayout } from '../../formats/chunk.ts'
import { MINUTE_US } from '../../model/time.ts'
import type { LastSeen } from '../batch/header.ts'
import { RowText } from '../batch/row-text.ts'

/** Others are told when a log has come so much further: closing a day asks for a quarter of an hour, too. */
const STEP_US = 15 * MINUTE_US

interface Host {
  readonly side: 'gateway' | 'app'
  readonly host: string
  readonly bytes: Buffer
  lastUs: number
  toldUs: number
}

/** How far the gateway's and each host's lines have come, whatever their application. */
export class HostsSeen {
  readonly #hosts = new Map<string, Host>()
  readonly #texts = new Map<ChunkLayout, RowText | undefined>()
  #last: Host | undefined

  note(layout: ChunkLayout, row: Buffer, length: number, us: number): void {
    if (layout.kind === 'kernel') return
    const host =
      layout.kind === 'gateway'
        ? this.#find('gateway', Buffer.alloc(0), '')
        : this.#hostOf(layout, row, length)
    if (us > host.lastUs) host.lastUs = us
  }

  #hostOf(layout: ChunkLayout, row: Buffer, length: number): Host {
    let text = this.#texts.get(layout)
    if (!text) {
      text = new RowText(layout, ['host'])
      this.#texts.set(layout, text)
    }
    text.read(row, length)
    const [from, to] = [text.start(0), text.end(0)]
    const last = this.#last
    if (last && last.bytes.compare(row, from, to) === 0) return last
    this.#last = this.#find('app', Buffer.from(row.subarray(from, to)), text.value(0) ?? '')
    return this.#last
  }

  #find(side: 'gateway' | 'app', bytes: Buffer, host: string): Host {
    const key = `${side} ${host}`
    let found = this.#hosts.get(key)
    if (!found) {
      found = { side, host, bytes, lastUs: Number.NEGATIVE_INFINITY, toldUs: Number.NEGATIVE_INFINITY }
      this.#hosts.set(key, found)
    }
    return found
  }

  /**
   * Those of which there is something new to tell.
   *
   * @param isAll whether every step counts, however small
   */
  news(isAll: boolean): LastSeen[] {
    const due = [...this.#hosts.values()].filter(({ lastUs, toldUs }) =>
      isAll ? lastUs > toldUs : Math.floor(lastUs / STEP_US) > Math.floor(toldUs / STEP_US),
    )
    for (const host of due) host.toldUs = host.lastUs
    return due.map(({ side, host, lastUs }) => ({ side, host, us: lastUs }))
  }
}
