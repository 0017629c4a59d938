import { z } from 'zod'
import { amount, count, howMany, perHost, positive, share, signed } from './knobs.ts'

/** When calls come, how long they take, and what the clocks and log files make of it. */
export const TIMING_OPTIONS = {
  rhythm: z.enum(['office', 'flat']).default('office').describe('how the rate goes over the day'),
  callsPerVisit: z.number().min(1).default(3).describe('mean calls of a visit'),
  leastCallsPerVisit: count(1, 'calls that every visit has; at most the mean'),
  crowds: howMany(0, 'number of bursts of arrivals, at random moments'),
  crowdFactor: positive(5, 'how many times the usual rate visitors come in a burst'),
  crowdSeconds: positive(20, 'how long a burst lasts'),
  workScale: positive(
    1,
    'factor on the time the app works; 1 is a mean of 0.13 s on payroll-v1, and rate times mean are in flight',
  ),
  workSigma: amount(0.9, 'sigma of the lognormal time the app works'),
  paretoShare: share(0, 'share of calls whose time in the app has a Pareto tail instead, up to 110 s'),
  paretoExponent: positive(1.5, 'exponent of that tail; the smaller, the heavier'),
  oneWayMs: positive(0.25, 'median network delay between gateway and app, each way'),
  oneWaySigma: amount(0.4, 'sigma of that lognormal delay'),
  lateNetworkShare: share(0, 'share of crossings of the network on which a packet is lost and sent again'),
  lateNetworkMs: positive(
    200,
    'what the first loss of a packet costs, twice as much the next; the least of Linux is 200 ms',
  ),
  connectShare: share(0, 'share of target calls that open a connection first'),
  connectMs: positive(1.5, 'median time to open a connection, with TLS'),
  coarseTimers: z
    .enum(['last', 'all', 'none'])
    .default('last')
    .describe('hosts whose time-taken goes in steps of 15.625 ms, the timer of older Windows'),
  disorderMs: amount(0, 'IIS lines are written up to so much after the end of their request, out of order'),
  clockOffsetsMs: perHost(
    [120, -450, 1800, 0],
    'how far each IIS host clock is ahead of true time, in host order; whole hours are a zone mistake; hosts beyond the list have 0',
  ),
  clockDriftsPpm: perHost([], 'how fast each host clock gains, in millionths; hosts beyond the list have 0'),
  clockStepsMs: perHost([], 'how far each host clock is set ahead once; hosts beyond the list have 0'),
  clockStepAt: share(0.5, 'when clocks are set, as a share of the time'),
  clockJumpsMs: perHost([], 'how far each host clock jumps ahead and back by turns; beyond the list 0'),
  clockJumpSeconds: positive(60, 'time between two jumps of a clock'),
  gatewayClockOffsetMs: signed(0, 'how far the gateway clock is ahead of true time'),
  gatewayClockDriftPpm: signed(0, 'how fast the gateway clock gains, in millionths'),
}
