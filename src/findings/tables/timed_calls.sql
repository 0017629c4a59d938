-- Requests of a day as rules read them, of applications whose day may be judged; calls.sql adds what others say of them.
-- unclaimed: a line of IIS that no gateway hop claims, and none may yet; unanswered: a gateway hop that called its target and
-- has no hop of a server. undecided: why nobody knows whether it has a partner; NULL: that is known.
-- from_ts, to_ts: within which its partner was logged, by its own clock, with a minute to spare for what the gateway does
-- before it calls: a quarter of an hour to either side where no clock was read. provisional: its day is open.
-- *_shape: how the subject is written. sure: every link of it is certain enough for evidence. erased: a person was erased
-- from it, and with it who called, and from where. refused: HTTP.sys ended it, or an attempt of it.
-- Reads the views request_rows and gateway_facts, the tables judged_days and host_clocks.
-- grain: request_id
WITH widest AS (
  SELECT coalesce(min(low_us), 0) AS low_us, coalesce(max(high_us), 0) AS high_us FROM host_clocks
)
SELECT
  m.request_id, m.application, m.state, j.provisional, m.start_ts, m.end_ts, m.method, m.path,
  m.status, m.target_status, m.app_status, m.app_substatus,
  m.gateway_kind, m.gateway_subject, m.app_kind, m.app_subject,
  subject_shape(m.gateway_kind, m.gateway_issuer, m.gateway_subject) AS gateway_shape,
  subject_shape(m.app_kind, m.app_issuer, m.app_subject) AS app_shape,
  m.client_id, m.developer_app, m.proxy, m.target_host, coalesce(m.host, m.server_ip) AS host, coalesce(m.site, '') AS site,
  m.trace_id, m.client_ip, m.gateway_hop_id, m.app_hop_ids, m.app_hops, m.link_method,
  coalesce(m.confidence >= 0.99 AND m.link_method <> 'time', FALSE) AS sure,
  g.target_called, g.access_token, g.policy_error, g.correlation_field AS gateway_field, g.correlation_id AS gateway_id,
  g.path_key AS gateway_path_key,
  m.gateway_hop_id IS NULL AND m.state IN ('app-only', 'awaiting-gateway') AND m.kernel_reason IS NULL AS unclaimed,
  m.gateway_hop_id IS NOT NULL AND g.target_called AND m.state IN ('gateway-only', 'awaiting-app') AS unanswered,
  CASE m.state WHEN 'ambiguous' THEN 'link-ambiguous' WHEN 'partner-pruned' THEN 'partner-pruned' END AS undecided,
  m.kernel_reason IS NOT NULL AS refused,
  coalesce(m.gateway_kind = 'erased', FALSE) OR coalesce(m.app_kind = 'erased', FALSE) AS erased,
  CASE WHEN m.gateway_hop_id IS NULL THEN m.start_ts - to_microseconds(coalesce(c.high_us, 900000000)) - INTERVAL 1 MINUTE
    ELSE m.start_ts + to_microseconds(least(w.low_us, 0) - 1000000) END AS from_ts,
  CASE WHEN m.gateway_hop_id IS NULL THEN m.end_ts - to_microseconds(coalesce(c.low_us, -900000000)) + INTERVAL 1 SECOND
    ELSE m.end_ts + to_microseconds(greatest(w.high_us, 0) + 1000000) END AS to_ts
FROM request_rows AS m
JOIN judged_days AS j ON j.application = m.application
CROSS JOIN widest AS w
LEFT JOIN gateway_facts AS g ON g.hop_id = m.gateway_hop_id::UUID
LEFT JOIN host_clocks AS c ON lower(c.clock) = lower(coalesce(m.host, m.server_ip, ''))
WHERE m.day = $day::DATE
