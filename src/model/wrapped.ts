/** Whether sources of a format hold lines of many logs, and of both kinds of hops that a server logs. */
export function wrapsLines(format: string): boolean {
  return format === 'envelope'
}

/** The state of a reader of envelopes, as far as others look at it: the logs inside, and their columns. */
interface WrappedState {
  readonly kinds?: readonly string[]
  readonly layouts?: readonly (readonly string[])[]
  readonly logs?: readonly {
    readonly host?: string
    readonly blocks: readonly { readonly kind: string; readonly fields?: number }[]
  }[]
}

/** Whether a log of HTTP.sys is among those inside. */
export function wrapsKernelRows({ kinds }: WrappedState): boolean {
  return kinds?.includes('kernel') ?? false
}

/**
 * Columns of each log of IIS inside, as its last #Fields names them; undefined where the state is of another format.
 *
 * @param host whose logs are meant, lower case; a log that names its host in its rows only is nobody's then
 */
export function wrappedLayouts(state: WrappedState, host?: string): (readonly string[])[] | undefined {
  const { layouts, logs } = state
  if (!layouts || !logs) return undefined
  const own = logs.filter(log => host === undefined || log.host?.toLowerCase() === host)
  return own.flatMap(({ blocks }) => {
    const last = blocks.findLast(block => block.kind === 'app')
    const names = layouts[last?.fields ?? -1]
    return names ? [names] : []
  })
}
