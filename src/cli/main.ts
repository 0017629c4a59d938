#!/usr/bin/env node
import { armFailpoints } from '../failpoint.ts'
import { createContext } from './context.ts'
import { unwritable } from './output.ts'
import { createProgram } from './program.ts'
import { report } from './report.ts'

/** A reader that closes the pipe has what it wanted. */
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return leave()
  process.exitCode = report(unwritable('standard output', error))
  leave()
})

const context = createContext()
context.signals.listen()

/** Without a command the help is what was asked for, not what went wrong. */
const args = process.argv.length > 2 ? process.argv : [...process.argv, 'help']

try {
  armFailpoints(process.env.THROUGHLINE_FAILPOINT, process.env.THROUGHLINE_FAILPOINT_LOG)
  const program = await createProgram(context, args[2])
  await program.parseAsync(args)
} catch (error) {
  process.exitCode = report(error)
} finally {
  if (context.telemetry.isOn) await context.telemetry.stop()
}
// Something of it waits for an answer that does not come; without it the process ends by itself.
if (context.telemetry.isOn) process.exit()

/** Ends the process at once, though the command is still at work, but for what telemetry has left to send. */
function leave(): void {
  if (!context.telemetry.isOn) process.exit()
  context.out.mute()
  void context.telemetry.stop().finally(() => process.exit())
}
