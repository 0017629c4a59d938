import type { Fault } from './traffic.ts'

/**
 * Faults as the gateway names them. Only GatewayTimeout is shown in the vendor page that the reference quotes;
 * the other codes are the vendor's published fault names, the policy names are the company's.
 */
const policyFault = (code: string, policy: string): Fault => ({
  code,
  policy,
  flow: 'PreFlow',
  state: 'PROXY_REQ_FLOW',
  kind: 'policy',
})

const targetFault = (code: string, state: string): Fault => ({
  code,
  policy: '(not set)',
  flow: '(not set)',
  state,
  kind: 'target',
})

export const TOKEN_FAULT = policyFault('keymanagement.service.access_token_expired', 'OA-Verify-Token')
export const QUOTA_FAULT = policyFault('policies.ratelimit.QuotaViolation', 'Q-Per-App')
export const SPIKE_FAULT = policyFault('policies.ratelimit.SpikeArrestViolation', 'SA-Protect-Backend')
export const TIMEOUT_FAULT = targetFault('messaging.adaptors.http.flow.GatewayTimeout', 'TARGET_REQ_FLOW')
export const UNREACHABLE_FAULT = targetFault(
  'messaging.adaptors.http.flow.ServiceUnavailable',
  'TARGET_REQ_FLOW',
)
/** The target closed the connection without an answer: 502. */
export const DROPPED_FAULT = targetFault(
  'messaging.adaptors.http.flow.UnexpectedEOFAtTarget',
  'TARGET_REQ_FLOW',
)
export const TARGET_STATUS_FAULT = targetFault(
  'messaging.adaptors.http.flow.ErrorResponseCode',
  'TARGET_RESP_FLOW',
)
export const UNMATCHED_FAULT: Fault = {
  code: 'messaging.adaptors.http.flow.ApplicationNotFound',
  policy: '(not set)',
  flow: '(not set)',
  state: 'REQ_START',
  kind: 'gateway',
}
