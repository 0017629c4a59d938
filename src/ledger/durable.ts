import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** Makes a folder's entries durable. */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes a file's bytes durable. */
export function syncFile(path: string): void {
  const fd = openSync(path, 'r+')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Writes a file and makes it durable under its name. */
export function writeDurably(path: string, text: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(path, 'w')
  try {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Gives a durable file its final name, durably. */
export function publish(temporary: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  renameSync(temporary, path)
  syncFolder(dirname(path))
}

/**
 * Creates a file with all its bytes or not at all, and never over another one.
 *
 * @returns false where the name is taken: another writer was there first
 */
export function createExclusively(path: string, text: string, temporary: string): boolean {
  writeDurably(temporary, text)
  mkdirSync(dirname(path), { recursive: true })
  try {
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(temporary)
  }
  syncFolder(dirname(path))
  return true
}
