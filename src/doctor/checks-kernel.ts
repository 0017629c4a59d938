import { count } from '../model/text.ts'
import type { Finding } from './finding.ts'
import type { Survey } from './survey.ts'

/**
 * HTTPERR was not handed over, though calls have no line of IIS: HTTP.sys may have refused them.
 * Source: HTTP Server API, "Configuring HTTP Server API error logging" (folder, names, EnableErrorLogging).
 */
export function checkKernel({ share }: Survey): Finding[] {
  const unanswered = share.targetCalled - share.gatewayJoined
  if (share.kernelHops > 0 || share.appHops === 0 || unanswered <= 0) return []
  return [
    {
      code: 'httperr-missing',
      what: 'No HTTPERR log: calls that HTTP.sys refused or dropped look as if nobody had taken them',
      where: [{ name: `${count(unanswered)} calls to a target without a line of IIS`, lines: unanswered }],
      lines: unanswered,
      why: 'HTTP.sys answers by itself where an application pool is stopped, its queue is full, or a request cannot be parsed, and closes connections whose worker has died. IIS logs none of these; HTTPERR says which, and why.',
      fix: [
        { text: 'copy the logs of every server of the farm, a folder a server, and ingest them with the others; by default they lie in', code: '%SystemRoot%\\System32\\LogFiles\\HTTPERR\\httperr*.log' },
        { text: 'if there are none, on the server: is it switched off (EnableErrorLogging is 0)?', code: 'reg query HKLM\\System\\CurrentControlSet\\Services\\HTTP\\Parameters /v EnableErrorLogging' },
        { text: 'say whose log it is, as the rows seldom do: --host NAME, or hosts in throughline.yaml' },
      ],
    },
  ] // biome-ignore format: one finding
}
