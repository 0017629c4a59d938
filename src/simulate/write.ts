import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { SimulationOptions } from './options.ts'
import type { Block } from './output.ts'
import { type SimulationSummary, simulate } from './simulate.ts'

export interface SimulationProgress {
  /** Bytes written so far, over all files. */
  readonly bytes: number
  readonly files: number
}

/** What was written; `bytes` as on disk. */
export interface WrittenSimulation extends SimulationSummary, SimulationProgress {}

/** Blocks on their way to disk while the next ones are made; bounds the memory. */
const MAX_PENDING_BLOCKS = 8
const gzipBlock = promisify(gzip)

/**
 * Writes a simulation under a folder, about 1 MiB at a time:
 * `apigee/<organization>/<environment>/api_<from>_to_<to>-<shard>.json`, `iis/<HOST>/W3SVC<n>/u_exYYMMDD[_x].log`,
 * `httperr/<HOST>/httperr<n>.log` where HTTP.sys refuses something (or both in `shipped/<shape>.ndjson`; the truth names the logs inside), and `truth.ndjson`; with gaps also `hours.ndjson`. Files that exist are overwritten. Compressed exports get one gzip member a block.
 *
 * @param onProgress called as blocks are handed to the disk
 */
export async function writeSimulation(
  options: SimulationOptions,
  outDir: string,
  onProgress?: (progress: SimulationProgress) => void,
): Promise<WrittenSimulation> {
  const files = new Map<string, FileInProgress>()
  const pending: Promise<void>[] = []
  const simulation = simulate(options)
  const progress = (): SimulationProgress => ({
    bytes: [...files.values()].reduce((sum, file) => sum + file.bytes, 0),
    files: files.size,
  })
  try {
    for (;;) {
      const next = simulation.next()
      if (next.done) {
        await Promise.all(pending)
        return { ...next.value, ...progress() }
      }
      const { path } = next.value
      const file = files.get(path) ?? new FileInProgress(join(outDir, path))
      files.set(path, file)
      const written = file.write(next.value)
      written.catch(() => undefined) // a failure is met when the block is waited for
      pending.push(written)
      if (pending.length >= MAX_PENDING_BLOCKS) await pending.shift()
      onProgress?.(progress())
    }
  } finally {
    await Promise.allSettled(pending)
    for (const file of files.values()) await file.close()
  }
}

/** A file whose blocks are written one after the other, each as soon as the one before it is on disk. */
class FileInProgress {
  bytes = 0
  private readonly path: string
  private handle: FileHandle | undefined
  private last: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.path = path
  }

  write(block: Block): Promise<void> {
    this.last = this.append(this.last, block)
    return this.last
  }

  async close(): Promise<void> {
    const { handle } = this
    this.handle = undefined
    await handle?.close()
  }

  private async append(before: Promise<void>, block: Block): Promise<void> {
    const content = this.path.endsWith('.gz') ? await gzipBlock(block.bytes) : block.bytes
    await before
    this.handle ??= await this.create()
    for (let at = 0; at < content.length; ) at += (await this.handle.write(content, at)).bytesWritten
    this.bytes += content.length
    if (block.isLast) await this.close()
  }

  private async create(): Promise<FileHandle> {
    await mkdir(dirname(this.path), { recursive: true })
    return await open(this.path, 'w')
  }
}
