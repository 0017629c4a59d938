import { drawCrossingUs } from './durations.ts'
import { MS_US } from './times.ts'
import type { World } from './traffic.ts'

/**
 * Windows authentication answers 401.2 and asks for a token; NTLM takes a second round, which logs 401.1, Kerberos
 * does not. The lines have no user, but all headers of the request (reference: IIS 6.2). Times are assumptions.
 */
interface ChallengeKind {
  readonly status: 401
  readonly substatus: number
  readonly win32: number
  readonly sentBytes: number
}

export interface Challenge {
  readonly kind: ChallengeKind
  readonly startUs: number
  readonly endUs: number
}

const CHALLENGE_BYTES = 1293
const SEC_I_CONTINUE_NEEDED = 2_148_074_254 // 0x8009030E, as NTLM's second 401 logs it
const WIN32_ACCESS_DENIED = 5
const DENIED: ChallengeKind = {
  status: 401,
  substatus: 2,
  win32: WIN32_ACCESS_DENIED,
  sentBytes: CHALLENGE_BYTES,
}
const CONTINUED: ChallengeKind = {
  status: 401,
  substatus: 1,
  win32: SEC_I_CONTINUE_NEEDED,
  sentBytes: CHALLENGE_BYTES,
}
const CHALLENGE_US = 1.5 * MS_US
const TURNAROUND_US = 0.3 * MS_US
const SIGMA = 0.5

export function challengeKinds(isNtlm: boolean): readonly ChallengeKind[] {
  return isNtlm ? [DENIED, CONTINUED] : [DENIED]
}

/**
 * The challenges before a call of the gateway, on the connection it then goes over.
 *
 * @returns also when the gateway sends the request that is let in
 */
export function liveHandshake(world: World, sendUs: number): { challenges: Challenge[]; sendUs: number } {
  const { handshakes } = world.random
  const { handshakeShare, ntlmShare } = world.settings
  if (handshakeShare === 0 || !handshakes.chance(handshakeShare)) return { challenges: [], sendUs }
  const challenges: Challenge[] = []
  let nowUs = sendUs
  for (const kind of challengeKinds(handshakes.chance(ntlmShare))) {
    const startUs = nowUs + drawCrossingUs(world)
    const endUs = startUs + handshakes.lognormal(CHALLENGE_US, SIGMA)
    challenges.push({ kind, startUs, endUs })
    nowUs = endUs + drawCrossingUs(world) + handshakes.lognormal(TURNAROUND_US, SIGMA)
  }
  return { challenges, sendUs: nowUs }
}
