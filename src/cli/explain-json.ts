import { micros } from '../model/time.ts'
import type { Store } from '../store/store.ts'
import type { ExplainedPair, Explanation, Row } from './explain.ts'
import { isKernel } from './kernel-words.ts'
import { callTimes } from './link-evidence.ts'
import { evidenceUse, THRESHOLDS, verdictInWords } from './link-words.ts'
import { findingObjects, type ShownFindings } from './request-findings.ts'
import { rfc3339Text } from './rows.ts'

/** Explanations as one document for programs. */
export function explainDocument(
  store: Store,
  id: string,
  all: readonly Explanation[],
  findings: ShownFindings,
): Record<string, unknown> {
  return {
    version: 1,
    id,
    thresholds: { ...THRESHOLDS },
    requests: all.map(one => ({
      request_id: one.request.request_id,
      state: one.request.state,
      call: one.gateway ? callObject(store, one.gateway) : null,
      made_by: madeBy(one),
      lines: one.gateway ? [] : one.apps.map(app => lineObject(store, app)),
      pairs: one.pairs.map(pair => pairObject(store, pair)),
      why: one.why,
      // null: nobody looked.
      findings: findingObjects(findings, one.request),
    })),
  }
}

function madeBy({ day }: Explanation): Record<string, unknown> | null {
  if (!day?.link) return null
  const { method, generation, config, contentHash } = day.link
  return {
    application: day.application,
    day: day.day,
    day_state: day.state,
    method,
    generation,
    config,
    content_hash: contentHash,
  }
}

function callObject(store: Store, g: Row): Record<string, unknown> {
  const { sentUs, answeredUs, waitUs } = callTimes(g)
  return {
    gateway_hop_id: g.hop_id,
    ...place(store, g),
    method: g.method,
    path: g.path,
    status: g.status,
    target_status: g.target_status,
    target_called: g.target_called,
    start_ts: rfc3339Text(String(g.start_ts)),
    sent_us: String(sentUs),
    answered_us: String(answeredUs),
    wait_us: waitUs === undefined ? null : String(waitUs),
    subject: g.subject_name,
    correlation_id: g.correlation_id,
  }
}

function lineObject(store: Store, a: Row): Record<string, unknown> {
  return {
    app_hop_id: a.hop_id,
    ...place(store, a),
    host: a.host ?? a.server_ip,
    method: a.method,
    path: a.path,
    status: a.status,
    logged_ts: rfc3339Text(String(a.end_ts)),
    logged_us: String(micros(a.end_ts) ?? 0),
    resolution_ms: a.resolution_ms,
    duration_us: a.duration_us,
    subject: a.subject_name,
    correlation_id: a.correlation_id,
    ...(isKernel(a) ? { kernel_reason: a.reason, kernel_queue: a.queue } : {}),
  }
}

function place({ state }: Store, hop: Row): Record<string, unknown> {
  return { file: state.sources.get(Number(hop.source_id))?.path ?? null, line_no: hop.line_no }
}

function pairObject(store: Store, { link, gateway, app, evidence, rivals }: ExplainedPair) {
  const isLinked = link.verdict === 'linked'
  return {
    call: callObject(store, gateway),
    line: lineObject(store, app),
    verdict: link.verdict,
    verdict_text: verdictInWords(link),
    counts_in: {
      requests: isLinked && link.posterior >= THRESHOLDS.requests,
      evidence: evidenceUse(link),
    },
    link,
    evidence: evidence.map(e => ({
      compared: e.compared,
      found: e.found,
      counts: e.counts,
      log_odds: e.logOdds === null ? null : Math.round(e.logOdds * 1000) / 1000,
    })),
    rivals: rivals.map(r => ({
      gateway_hop_id: r.gateway_hop_id,
      verdict: r.verdict,
      posterior: r.posterior,
    })),
  }
}
