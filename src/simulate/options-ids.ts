import { flag, positions, share } from './knobs.ts'

/** Where ids are missing, altered or used again. */
export const ID_OPTIONS = {
  idShare: share(
    1,
    'share of the IIS hosts that log the correlation id; a fraction of a host is a share of its lines',
  ),
  missingIdShare: share(
    0.01,
    'share of calls without an id on the app side: half were never sent one by the client, half lost it on the way',
  ),
  lostIdLineShare: share(0, 'share of app lines without the id their call had, at random'),
  idlessSites: positions('numbers of the sites whose hosts log no id: 2 payroll, 3 the others'),
  idlessRouteShare: share(0, 'share of the routes of each application whose lines never have an id'),
  gatewayIds: flag(true, 'gateway rows hold the correlation id, in dc_correlation_id'),
  compositeShare: share(
    1,
    'share of the orders-v2 calls whose target gets {correlation}.{messageid} instead of the plain id',
  ),
  compositeElsewhereShare: share(0, 'the same for the calls of the other applications'),
  truncatedIdShare: share(0.002, 'share of calls with an id over 400 bytes, which the data collector cuts'),
  otherCaseIdShare: share(0, 'share of app lines that hold the id in upper case'),
  reusedIdShare: share(0, 'share of visits in which the client sends one id for all its calls'),
  tracedShare: share(0, 'share of visits in which all calls carry one traceparent (W3C Trace Context) as id'),
  constantIdShare: share(0, 'share of calls that carry one and the same id, as copied sample code does'),
  forgedIdShare: share(0.3, 'share of direct hits by scripts that carry an id of their own making'),
  replayedIdShare: share(0, 'share of direct hits by scripts that carry an id lately seen at the gateway'),
}
