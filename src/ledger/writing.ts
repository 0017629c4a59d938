import { ThroughlineError } from '../errors.ts'

/** What to do, by code of the operating system. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space',
  EDQUOT: 'free some space or raise the quota',
  EFBIG: 'raise the limit on the size of a file (ulimit -f)',
  EACCES: 'let this user write there',
  EPERM: 'let this user write there',
  EROFS: 'let this user write there',
  EMFILE: 'raise the limit on open files (ulimit -n)',
  ELOOP: 'name a folder',
  ENOTDIR: 'name a folder',
}

/** The same refusals as DuckDB words them. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/no space left on device/i, 'ENOSPC'],
  [/disk quota exceeded/i, 'EDQUOT'],
  [/file too large/i, 'EFBIG'],
  [/permission denied/i, 'EACCES'],
  [/operation not permitted/i, 'EPERM'],
  [/read-only file system/i, 'EROFS'],
  [/input\/output error/i, 'EIO'],
  [/too many open files/i, 'EMFILE'],
]

/**
 * Runs a write, turning an operating system's refusal into an error that says what to do.
 *
 * @throws STORE_WRITE
 */
export function writing<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw writeFailure(path, cause)
  }
}

/** A refusal as STORE_WRITE; anything else as it is. */
export function writeFailure(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof ThroughlineError) return cause
  const code = (cause as NodeJS.ErrnoException).code ?? duckdbCode(cause.message)
  if (code === undefined || code.startsWith('ERR_')) return cause
  return new ThroughlineError(
    'STORE_WRITE',
    `store ${path}: ${cause.message}; ${ADVICE[code] ?? 'check the disk'} and run the command again. What was there before is unharmed`,
    { path, code },
    cause,
  )
}

function duckdbCode(message: string): string | undefined {
  if (!/^(?:IO|Fatal) Error/.test(message)) return undefined
  return WORDS.find(([words]) => words.test(message))?.[1] ?? 'EIO'
}
