/**
 * Works, and tells the group that it lives as often as it is said.
 *
 * @throws what `heartbeat` throws: the group no longer counts on this member
 */
export async function beating(
  work: () => Promise<void>,
  heartbeat: () => Promise<void>,
  everyMs: number,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const lost = new Promise<never>((_, reject) => {
    timer = setInterval(() => heartbeat().catch(reject), everyMs)
  })
  try {
    await Promise.race([work(), lost])
  } finally {
    clearInterval(timer)
  }
}

/** Waits for what may hang: the library does, where it is stopped while it joins a group anew. */
export async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work.catch(() => undefined), late])
  clearTimeout(timer)
}
