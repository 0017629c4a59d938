import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, SELF, type Writer, writerName } from '../ledger/writer.ts'
import { HOUR_US } from '../model/time.ts'

/** A process on another host cannot be asked whether it lives: its pin counts for so long. */
const FOREIGN_PIN_MS = (24 * HOUR_US) / 1000

const FOLDER = 'readers'

interface PinText extends Writer {
  /** The last entry that the reader has seen. */
  readonly head: number
}

/** A reader's note in the store that files of its state are still needed. */
export interface Pin {
  /** Notes that the reader has gone on to a later entry. */
  move(head: number): void
  release(): void
}

let pins = 0

/** Leaves a note which state is being read. On media that cannot be written there is none; the writer's patience covers these. */
export function pinState(root: string, head: number): Pin {
  const name = `${writerName()}-${pins++}.json`
  const path = join(root, FOLDER, name)
  const write = (seq: number): void =>
    quietly(() => {
      mkdirSync(join(root, FOLDER), { recursive: true })
      writeFileSync(`${path}.part`, JSON.stringify({ ...SELF, head: seq } satisfies PinText))
      renameSync(`${path}.part`, path)
    })
  write(head)
  return { move: write, release: () => quietly(() => rmSync(path, { force: true })) }
}

/**
 * The earliest entry that some reader is still at; undefined without readers. Notes of processes that have ended are
 * removed.
 *
 * @param nowMs milliseconds since 1970 UTC
 */
export function oldestPin(root: string, nowMs: number): number | undefined {
  const heads: number[] = []
  for (const name of names(root)) {
    const path = join(root, FOLDER, name)
    const pin = readPin(path)
    if (pin && isNeeded(pin, path, nowMs)) heads.push(pin.head)
    else quietly(() => rmSync(path, { force: true }))
  }
  return heads.length > 0 ? Math.min(...heads) : undefined
}

function isNeeded(pin: PinText, path: string, nowMs: number): boolean {
  if (!isAlive(pin)) return false
  const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return pin.host === SELF.host || nowMs - writtenMs < FOREIGN_PIN_MS
}

function names(root: string): string[] {
  try {
    return readdirSync(join(root, FOLDER)).filter(name => name.endsWith('.json'))
  } catch {
    return []
  }
}

function readPin(path: string): PinText | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PinText
  } catch {
    return undefined
  }
}

function quietly(action: () => void): void {
  try {
    action()
  } catch {
    // Best effort: a pin that cannot be written or removed harms nothing.
  }
}
