// Writes a log as IIS does, for follow-load.mjs: whole 64 KiB buffers that cut lines in the middle, NULs ahead of them
// that are overwritten, a new file each so many seconds, one truncation and one renaming. All bytes are kept beside.
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

const [, , folder, text] = process.argv
const { seconds, rate, kept, rotateSeconds = 3600, flushes: tellsFlushes = false, seed } = JSON.parse(text)
const HEADER =
  '#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Fields: date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken X-Correlation-ID\r\n'
const BUFFER_BYTES = 64 * 1024
/** Of so many lines one is the same as the line before it: a hop of its own. */
const EQUAL_EACH = 97

const startMs = Date.now()
const flushes = []
const out = { name: '', fd: -1, at: 0, buffer: '', files: 0, lines: 0, bytes: 0, flushedLines: 0 }
let isRenamed = false
let isTruncated = false
let last = ''

function open() {
  out.files++
  out.name = `u_ex260302_${String(out.files).padStart(3, '0')}_${seed}.log`
  out.fd = openSync(join(folder, out.name), 'w')
  out.at = 0
  out.buffer = HEADER
}

/** Writes a whole buffer where NULs stand, and NULs behind it. */
function flush(everything) {
  while (out.buffer.length >= BUFFER_BYTES || (everything && out.buffer.length > 0)) {
    const part = Buffer.from(out.buffer.slice(0, BUFFER_BYTES))
    out.buffer = out.buffer.slice(BUFFER_BYTES)
    const ahead = tellsFlushes || everything ? Buffer.alloc(0) : Buffer.alloc(BUFFER_BYTES)
    writeSync(out.fd, Buffer.concat([part, ahead]), 0, part.length + ahead.length, out.at)
    out.at += part.length
    out.bytes += part.length
    if (kept) appendFileSync(join(kept, `${out.name}${isTruncated && out.part ? `.${out.part}` : ''}`), part)
  }
}

function rotate() {
  flush(true)
  ftruncateSync(out.fd, out.at)
  closeSync(out.fd)
  if (out.files === 2 && !isRenamed) {
    renameSync(join(folder, out.name), join(folder, `renamed-${out.name}`))
    isRenamed = true
  }
  out.part = undefined
  open()
}

/** As copytruncate does; the copy keeps what a follower that was just killed has not read. */
function truncate() {
  flush(true)
  ftruncateSync(out.fd, out.at)
  copyFileSync(join(folder, out.name), join(folder, `${out.name}.copy`))
  ftruncateSync(out.fd, 0)
  isTruncated = true
  out.part = 'after'
  out.at = 0
  out.buffer = HEADER
}

const two = n => String(n).padStart(2, '0')
function lines(n, second) {
  const stamp = `2026-03-02 ${two(Math.floor(second / 3600) % 24)}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`
  let block = ''
  for (let i = 0; i < n; i++) {
    const serial = out.lines++
    if (serial % EQUAL_EACH === 1 && last.startsWith(stamp)) block += last
    else {
      last = `${stamp} WEB-${seed} 10.20.1.11 GET /orders/${serial} - 443 CORP\\ann${serial % 50} 10.30.0.11 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) 200 0 0 ${serial % 400} 4a7c0000-1111-4222-8333-${String(serial).padStart(12, '0')}\r\n`
      block += last
    }
  }
  out.buffer += block
} // biome-ignore format: a line of a log

const STEP_MS = 20
open()
let rotatedMs = startMs
for (;;) {
  const ms = Date.now() - startMs
  const isOver = ms >= seconds * 1000
  const due = Math.floor((Math.min(ms, seconds * 1000) * rate) / 1000) - out.lines
  if (due > 0) lines(Math.min(due, rate), Math.floor(ms / 1000))
  flush(tellsFlushes)
  if (tellsFlushes && out.lines > out.flushedLines) {
    out.flushedLines = out.lines
    flushes.push([Date.now(), out.lines])
  }
  if (isOver) break
  if (kept && !isTruncated && ms > seconds * 500 && ms - (rotatedMs - startMs) > rotateSeconds * 400)
    truncate()
  else if (ms - (rotatedMs - startMs) >= rotateSeconds * 1000) {
    rotatedMs = startMs + ms
    rotate()
  }
  await new Promise(resolve => setTimeout(resolve, STEP_MS))
}
flush(true)
ftruncateSync(out.fd, out.at)
closeSync(out.fd)
const tookSeconds = (Date.now() - startMs) / 1000
process.stdout.write(
  JSON.stringify({
    lines: out.lines,
    bytes: out.bytes,
    tookSeconds,
    files: out.files,
    flushes,
    isKept: kept ? existsSync(kept) : false,
  }),
)
