import { amount, howMany, positive, share } from './knobs.ts'

/** What HTTP.sys refuses or drops before IIS sees it. With all at 0 there is no HTTPERR log. */
export const KERNEL_OPTIONS = {
  refusedShare: share(
    0,
    'share of target calls that HTTP.sys ends, with a row in HTTPERR and none of IIS: QueueFull 35 %, BadRequest 25 %, Connection_Dropped 25 %, Connection_Abandoned_By_ReqQueue 15 %',
  ),
  poolStops: howMany(
    0,
    'number of times the application pool of a host stops: HTTP.sys answers its calls with 503 AppOffline',
  ),
  poolStopMinutes: positive(2, 'how long a pool is stopped'),
  kernelNoisePerHour: amount(
    0,
    'rows an hour that each host has in HTTPERR without a call: two thirds are idle connections, the others scanners',
  ),
}
