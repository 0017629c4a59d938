// Outlives the process that started it, whatever ended that one: when standard input closes, the process groups it was
// told of are killed and the folders removed. Lines: `group PID`, `ended PID`, `folder PATH`, `removed PATH`.
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const groups = new Set()
const folders = new Set()
for await (const line of createInterface({ input: process.stdin })) {
  const verb = line.slice(0, line.indexOf(' '))
  const what = line.slice(verb.length + 1)
  if (verb === 'group') groups.add(Number(what))
  else if (verb === 'ended') groups.delete(Number(what))
  else if (verb === 'folder') folders.add(what)
  else if (verb === 'removed') folders.delete(what)
}
for (const pid of groups) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
