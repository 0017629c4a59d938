import { z } from 'zod'
import { howMany, positions, positive, share } from './knobs.ts'

/** Attempts that fail, records that are lost. */
export const FAULT_OPTIONS = {
  retriesShare: share(0.01, 'share of target calls answered 503 by one host and repeated on another'),
  handshakeShare: share(
    0,
    'share of target calls that first go through the challenges of Windows authentication',
  ),
  ntlmShare: share(
    0.3,
    'share of these with the two challenges of NTLM; the others have the one of Kerberos',
  ),
  attemptStamps: z
    .enum(['last', 'all'])
    .default('last')
    .describe('whether the target stamps of the gateway cover the last attempt of a call or all of them'),
  rejectionBursts: howMany(0, 'number of bursts in which the app refuses tokens that the gateway accepts'),
  rejectionBurstMinutes: positive(3, 'how long such a burst lasts'),
  rejectionBurstShare: share(0.5, 'share of target calls answered 401 in such a burst'),
  rejectionCause: z
    .enum(['any', 'lifetime', 'audience', 'header', 'clock'])
    .default('any')
    .describe(
      'which calls are refused in a burst: any, or all with a token older than 30 minutes, of the first client app, without the user header, to hosts whose clock is a second or more off',
    ),
  lostGatewayShare: share(0.002, 'share of gateway rows missing from the export, at random'),
  lostAppShare: share(0.002, 'share of IIS lines missing from the logs, at random'),
  outages: howMany(0, 'number of times a host loses all its lines for a while'),
  outageMinutes: positive(5, 'how long such a loss lasts'),
  missingLogs: positions('IIS log files that are missing, by the order in which they are begun, from 1'),
  missingShards: positions('files of gateway exports that are missing, by the same order'),
  cutLogs: howMany(0, 'number of times the lines of a while are cut out of a host log'),
  cutLogMinutes: positive(60, 'how long such a while is'),
  cutLogTails: howMany(0, 'number of host logs that end in the middle of their day or hour'),
  cutExports: howMany(0, 'number of times the rows of a while are cut out of the exports of an environment'),
  cutExportMinutes: positive(60, 'how long such a while is'),
  silentHosts: positions('hosts whose logs are all missing, in host order, from 1'),
}
