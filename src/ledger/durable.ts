import {
  appendFileSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { passing } from '../failpoint.ts'
import { writing } from './writing.ts'

/**
 * Every change of a store's folder goes through here: each passes a failpoint before and after, and what the operating
 * system refuses becomes STORE_WRITE with the file it was about. DuckDB writes only below `tmp/`, by `Database.run`.
 */

/** Makes a folder's entries durable. */
export function syncFolder(path: string): void {
  sync(path, 'r', 'syncFolder')
}

/** Makes a file's bytes durable. */
export function syncFile(path: string): void {
  sync(path, 'r+', 'sync')
}

function sync(path: string, flags: string, step: string): void {
  writing(path, () => {
    const fd = openSync(path, flags)
    try {
      passing(step, path, () => fsyncSync(fd))
    } finally {
      closeSync(fd)
    }
  })
}

/** Makes a folder and those above it, durably. */
export function makeFolder(path: string): void {
  writing(path, () => {
    const first = mkdirSync(path, { recursive: true })
    if (first === undefined) return
    for (let made = path; ; made = dirname(made)) {
      syncFolder(dirname(made))
      if (made === first || made === dirname(made)) return
    }
  })
}

/** Writes a file, without waiting for the disk. */
export function writeFile(path: string, bytes: Buffer, { flags = 'w', mode = 0o666 } = {}): void {
  writing(path, () => {
    const fd = openSync(path, flags, mode)
    try {
      writeAll(path, fd, bytes)
    } finally {
      closeSync(fd)
    }
  })
}

/** Writes a file and makes it durable under its name. */
export function writeDurably(path: string, text: string | Buffer): void {
  makeFolder(dirname(path))
  writing(path, () => {
    const fd = openSync(path, 'w')
    try {
      writeAll(path, fd, typeof text === 'string' ? Buffer.from(text) : text)
      passing('sync', path, () => fsyncSync(fd))
    } finally {
      closeSync(fd)
    }
  })
}

function writeAll(path: string, fd: number, bytes: Buffer): void {
  const write = (length: number): void => {
    for (let at = 0; at < length; ) at += writeSync(fd, bytes, at, length - at)
  }
  passing(
    'write',
    path,
    () => write(bytes.length),
    () => write(bytes.length >> 1),
  )
}

/** Adds to a file, without waiting for the disk. */
export function appendTo(path: string, text: string): void {
  const append = (part: string) => appendFileSync(path, part)
  writing(path, () =>
    passing(
      'append',
      path,
      () => append(text),
      () => append(text.slice(0, text.length >> 1)),
    ),
  )
}

/** Cuts a file, without waiting for the disk. */
export function cutTo(path: string, bytes: number): void {
  writing(path, () => passing('cut', path, () => truncateSync(path, bytes)))
}

/** Gives a file the name of another one, which goes; durable only with the folder. */
export function moveOver(from: string, to: string): void {
  writing(to, () => passing('rename', to, () => renameSync(from, to)))
}

/** Puts a durable file in the place of another one, durably. */
export function replace(temporary: string, path: string): void {
  makeFolder(dirname(path))
  moveOver(temporary, path)
  syncFolder(dirname(path))
}

/**
 * Gives a durable file its final name, durably, and never over another one: of two writers that both believe they own
 * the store, none changes what the other has written.
 *
 * @returns false where the name is taken; the file then keeps its temporary name
 */
export function publish(temporary: string, path: string): boolean {
  makeFolder(dirname(path))
  if (!linkTo(temporary, path)) return false
  syncFolder(dirname(path))
  removeFile(temporary)
  return true
}

/**
 * Creates a file with all its bytes or not at all, and never over another one.
 *
 * @returns false where the name is taken: another writer was there first
 */
export function createExclusively(path: string, text: string, temporary: string): boolean {
  try {
    writeDurably(temporary, text)
    makeFolder(dirname(path))
    if (!linkTo(temporary, path)) return false
  } finally {
    removeFile(temporary)
  }
  syncFolder(dirname(path))
  return true
}

/**
 * Gives a file a further name.
 *
 * @returns false where it is taken
 */
export function linkTo(temporary: string, path: string): boolean {
  return writing(path, () =>
    passing('link', path, () => {
      try {
        linkSync(temporary, path)
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw error
      }
    }),
  )
}

/** Removes a file, if there is one. */
export function removeFile(path: string): void {
  writing(path, () =>
    passing('remove', path, () => {
      try {
        unlinkSync(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }),
  )
}

/** Removes a folder with all that is in it, if there is one. */
export function removeFolder(path: string): void {
  writing(path, () =>
    passing('removeFolder', join(path, 'x'), () => rmSync(path, { recursive: true, force: true })),
  )
}

/** Removes a folder if nothing is in it. */
export function removeEmptyFolder(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Not empty, or not there: either is as good.
  }
}
