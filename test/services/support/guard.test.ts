import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { inFolder } from '../../support/folder.ts'
import { spawnGuarded } from './guard.ts'

const GUARD = fileURLToPath(new URL('guard.mjs', import.meta.url))

/** A shell that waits for a child of its own, in a group of its own. */
function sleeper(): ChildProcess {
  return spawn('sh', ['-c', 'sleep 600 & wait'], { detached: true, stdio: 'ignore' })
}

test('when whoever started it is gone, groups and folders are, too', () =>
  inFolder(async folder => {
    const removed = join(folder, 'with a space')
    const kept = join(folder, 'kept')
    for (const path of [removed, kept]) mkdirSync(path)
    const [ends, lives] = [sleeper(), sleeper()]
    const guard = spawn(process.execPath, [GUARD], { stdio: ['pipe', 'ignore', 'inherit'] })
    const said = [`group ${lives.pid}`, `group ${ends.pid}`, `ended ${lives.pid}`]
    guard.stdin.end(`${[...said, `folder ${kept}`, `folder ${removed}`, `removed ${kept}`].join('\n')}\n`)
    const [, signal] = await once(ends, 'exit')
    await once(guard, 'exit')
    expect([signal, lives.exitCode, lives.signalCode]).toEqual(['SIGKILL', null, null])
    expect([existsSync(removed), existsSync(kept)]).toEqual([false, true])
    process.kill(-(lives.pid ?? 0), 'SIGKILL')
  }))

test('a program says how it ended, and a signal reaches its whole group', () =>
  inFolder(async folder => {
    const log = join(folder, 'log')
    const failed = await spawnGuarded('sh', ['-c', 'echo no; exit 3'], { cwd: folder, log })
    expect(await failed.ended).toBe(3)
    expect(failed.isRunning()).toBe(false)
    failed.signal('SIGKILL')
    const killed = await spawnGuarded('sh', ['-c', 'sleep 600 & wait'], { cwd: folder, log })
    killed.signal('SIGKILL')
    expect(await killed.ended).toBe('SIGKILL')
    await expect(spawnGuarded('/no/such/program', [], { cwd: folder, log })).rejects.toThrow('ENOENT')
  }))
