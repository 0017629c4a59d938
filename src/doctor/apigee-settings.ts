import type { Step } from './finding.ts'

/** Header that carries the id from the gateway to the app. */
export const HEADER = 'X-Correlation-ID'
/** Data collector that puts it into the analytics record. Their names begin with dc_. */
const COLLECTOR = 'dc_correlation_id'

/**
 * Policies that give every call an id, pass it on to the target and put it into the analytics record.
 * Source: AssignMessage and DataCapture policies, data collectors of Apigee X and hybrid.
 */
export function correlationPolicies(organization = 'ORG'): Step[] {
  return [
    {
      text: 'create a data collector, once an organization',
      code: [
        `curl -X POST "https://apigee.googleapis.com/v1/organizations/${plain(organization)}/datacollectors" \\`,
        '  -H "Authorization: Bearer $(gcloud auth print-access-token)" -H "Content-Type: application/json" \\',
        `  -d '{"name": "${COLLECTOR}", "type": "STRING", "description": "Correlation id of the call"}'`,
      ].join('\n'),
    },
    {
      text: 'add a policy that sets the header from messageid, unique a call',
      code: [
        '<AssignMessage name="AM-CorrelationId" continueOnError="false" enabled="true">',
        '  <Set>',
        '    <Headers>',
        `      <Header name="${HEADER}">{messageid}</Header>`,
        '    </Headers>',
        '  </Set>',
        '  <IgnoreUnresolvedVariables>false</IgnoreUnresolvedVariables>',
        '  <AssignTo createNew="false" transport="http" type="request"/>',
        '</AssignMessage>',
      ].join('\n'),
    },
    {
      text: 'and one that captures it',
      code: captureXml('DC-CorrelationId', COLLECTOR, `request.header.${HEADER}`),
    },
    {
      text: 'and run both in the request PreFlow of the ProxyEndpoint; the condition passes on an id that the caller sent (leave it out if callers may reuse ids)',
      code: [
        '<PreFlow name="PreFlow">',
        '  <Request>',
        `    <Step><Name>AM-CorrelationId</Name><Condition>request.header.${HEADER} = null</Condition></Step>`,
        '    <Step><Name>DC-CorrelationId</Name></Step>',
        '  </Request>',
        '</PreFlow>',
      ].join('\n'),
    },
    {
      text: 'Apigee Edge has no data collectors: use a StatisticsCollector policy instead. An id longer than 400 bytes is cut.',
    },
  ]
}

/** A policy that captures who the token names. */
export function subjectPolicies(organization = 'ORG'): Step[] {
  return [
    {
      text: 'create a data collector, once an organization',
      code: [
        `curl -X POST "https://apigee.googleapis.com/v1/organizations/${plain(organization)}/datacollectors" \\`,
        '  -H "Authorization: Bearer $(gcloud auth print-access-token)" -H "Content-Type: application/json" \\',
        `  -d '{"name": "dc_subject", "type": "STRING", "description": "Subject of the token"}'`,
      ].join('\n'),
    },
    {
      text: 'and, after the policy that verifies the token (here VerifyJWT named JWT-Verify), capture its subject',
      code: captureXml('DC-Subject', 'dc_subject', 'jwt.JWT-Verify.decoded.claim.sub'),
    },
  ]
}

function captureXml(name: string, collector: string, variable: string): string {
  return [
    `<DataCapture name="${name}" continueOnError="true" enabled="true">`,
    '  <Capture>',
    `    <DataCollector>${collector}</DataCollector>`,
    `    <Collect ref="${variable}" default="Not set"/>`,
    '  </Capture>',
    '</DataCapture>',
  ].join('\n')
}

/** Names go into commands that people paste, so only plain ones are taken over from logs. */
function plain(organization: string): string {
  return /^[a-z0-9][a-z0-9-]{0,62}$/i.test(organization) ? organization : 'ORG'
}
