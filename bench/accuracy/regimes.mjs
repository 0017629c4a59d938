// The regimes in which the accuracy of joining is measured: from unique ids down to nothing that tells calls apart.
// Each is a set of options of the simulator for one application, and the configuration to join its traffic with.

/** Share of arrivals whose call has an app line: no direct hits, cache hits, refusals, unmatched or unreachable ones. */
const CALLED_SHARE = 0.99 * (1 - 0.05 - 0.02 - 0.004 - 0.001)
/** Mean seconds that payroll-v1 works on a call at `workScale` 1. */
const MEAN_WORK_SECONDS = 0.131
/** What one call in a thousand that times out, after 30 to 90 s, adds to the mean of all calls. */
const TIMEOUT_SECONDS = 0.06
/** Calls that take longer in the mean run into the gateway's timeout of 30 s too often to be a plausible day. */
const MOST_WORK_SECONDS = 2
const LEAST_WORK_SECONDS = 0.02
/** By how much calls trail the start of their visit, in the mean: the traffic starts with none under way. */
const TRAIL_SECONDS = { 3: 3, 11: 10.5 }
/** The addresses that the gateway calls from; direct hits come from others. */
const TRUSTED = ['10.30.0.8/29']

const REGIMES = [
  {
    name: 'ids-unique',
    says: 'unique ids, some composite, cut or in other case; scripts forge and replay ids',
    isTrusted: true,
    options: {
      compositeElsewhereShare: 0.3,
      truncatedIdShare: 0.02,
      otherCaseIdShare: 0.2,
      forgedIdShare: 0.3,
      replayedIdShare: 0.3,
    },
  },
  {
    name: 'ids-reused',
    says: 'clients send one id for all the calls of a visit, mostly 5 to 20',
    isTrusted: true,
    options: { reusedIdShare: 1, callsPerVisit: 11, leastCallsPerVisit: 5 },
  },
  {
    name: 'half-ids-subject',
    says: 'half of the app lines lost their id; a header names the person',
    isTrusted: false,
    options: { lostIdLineShare: 0.5 },
  },
  {
    name: 'half-ids-subject-handshakes',
    says: 'the same with Windows accounts and NTLM challenges before three calls of ten',
    isTrusted: true,
    options: { lostIdLineShare: 0.5, identity: 'windows', handshakeShare: 0.3, ntlmShare: 1 },
  },
  {
    name: 'half-ids-no-subject',
    says: 'half of the app lines lost their id; none names anybody',
    isTrusted: true,
    options: { lostIdLineShare: 0.5, identity: 'none' },
  },
  {
    name: 'no-ids-subject-50',
    says: 'no ids at the app; a header names one of 50 people',
    isTrusted: false,
    options: { idShare: 0, users: 50 },
  },
  {
    name: 'no-ids-subject-1000',
    says: 'no ids at the app; a header names one of 1000 people',
    isTrusted: true,
    options: { idShare: 0, users: 1000 },
  },
  {
    name: 'no-ids-subject-busy',
    says: 'no ids at the app, people; 17 in flight, coarse timers, lines 10 ms out of order, more retries',
    isTrusted: true,
    inFlight: 17,
    options: { idShare: 0, coarseTimers: 'all', disorderMs: 10, retriesShare: 0.015 },
  },
  {
    name: 'no-ids-subject-hard',
    says: 'the same with 130 in flight, lines 50 ms out of order and one account for everybody',
    isTrusted: true,
    inFlight: 130,
    options: { idShare: 0, coarseTimers: 'all', disorderMs: 50, retriesShare: 0.015, serviceAccount: true },
  },
  {
    name: 'neither-telling',
    says: 'no ids, nobody named; paths with a number of their own, sizes logged',
    isTrusted: true,
    options: { ...nobody(), paths: 'telling' },
  },
  {
    name: 'neither-plain',
    says: 'no ids, nobody named; seven paths, no queries, no sizes',
    isTrusted: true,
    options: { ...nobody(), paths: 'plain', queries: 'none', logSizes: 'none' },
  },
]

function nobody() {
  return { idShare: 0, gatewayIds: false, identity: 'none', gatewaySubjects: false, userAgents: 'one' }
}

/**
 * The regimes under one variation, in order of difficulty within each kind.
 *
 * @param {object} [variation]
 * @param {number} [variation.seed]
 * @param {number} [variation.ratePerSecond] mean arrivals a second at the one application
 * @param {number} [variation.pairs] about so many pairs of a gateway row and an app line, both recorded
 * @param {number} [variation.hosts] hosts of the application
 * @param {number} [variation.loss] share of records lost at random, on each side
 * @param {number} [variation.offsetMs] how far the clocks of all hosts are ahead
 * @param {number} [variation.driftPpm] drift of the host clocks; every other one drifts the other way
 * @param {number} [variation.stepMs] how far all host clocks are set ahead half-way through
 * @returns {{ name: string, says: string, options: object, config: { trustedProxies: string[], hosts: object[] } }[]}
 *   `options` for the simulator; `config` keys to join with
 */
export function regimes(variation = {}) {
  const { ratePerSecond = 20 } = variation
  return REGIMES.map(({ name, says, isTrusted, inFlight, options }) => {
    const work = inFlight === undefined ? {} : { workScale: workScaleFor(inFlight, ratePerSecond) }
    return {
      name,
      says,
      options: { ...shared(variation, options.callsPerVisit ?? 3), ...work, ...options },
      config: { trustedProxies: isTrusted ? TRUSTED : [], hosts: hostNames(variation.hosts) },
    }
  })
}

/** The logs of payroll do not say which host wrote them; their folders do. */
function hostNames(hosts = 2) {
  const names = Array.from({ length: hosts }, (_, index) => `WEB-PAY-${String(index + 1).padStart(2, '0')}`)
  return names.map(host => ({ path: `**/${host}/**`, host }))
}

/** Little's law: in flight = rate x mean time. At low rates the cap on the mean leaves fewer in flight. */
function workScaleFor(inFlight, ratePerSecond) {
  const seconds = inFlight / (ratePerSecond * CALLED_SHARE) - TIMEOUT_SECONDS
  return Math.min(MOST_WORK_SECONDS, Math.max(LEAST_WORK_SECONDS, seconds)) / MEAN_WORK_SECONDS
}

/** Direct hits of 1 %, health probes, a retry now and then and all other faults stay at their defaults. */
function shared(variation, callsPerVisit) {
  const { seed = 1, ratePerSecond = 20, pairs = 20_000, hosts = 2 } = variation
  const { loss = 0, offsetMs = 0, driftPpm = 0, stepMs = 0 } = variation
  const seconds = pairs / (ratePerSecond * CALLED_SHARE * (1 - loss) ** 2)
  const perHost = of => Array.from({ length: hosts }, (_, index) => of(index))
  return {
    seed,
    ratePerSecond,
    hours: (seconds + TRAIL_SECONDS[callsPerVisit]) / 3600,
    rhythm: 'flat',
    applications: 1,
    hostsPerSite: hosts,
    users: 200,
    identity: 'header',
    coarseTimers: 'none',
    logForwardedFor: 'none',
    headerSpreadBytes: 40,
    lostGatewayShare: loss,
    lostAppShare: loss,
    clockOffsetsMs: perHost(() => offsetMs),
    clockDriftsPpm: perHost(index => (index % 2 === 0 ? driftPpm : -driftPpm)),
    clockStepsMs: perHost(() => stepMs),
  }
}
