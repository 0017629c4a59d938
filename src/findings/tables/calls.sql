-- Requests of a day as rules read them, those of applications whose day may be judged.
-- unclaimed: an app hop that no gateway hop claims, and none may yet; unanswered: a gateway hop that called its target and
-- has no app hop. gateway_covered, app_covered: whether the other side is complete for as long as its hop could have been
-- logged, by the clocks of the hosts. sure: every link of it is certain enough for evidence.
-- provisional: its day is open. names_comparable: the two subjects are written in one way, or in ways of which each is
-- written alike by proxy and site (five names or more agree to the letter).
-- Reads the views request_rows and gateway_facts, the tables judged_days, covered_runs and host_clocks.
-- grain: request_id
WITH mine AS (
  SELECT r.*, j.provisional
  FROM request_rows AS r JOIN judged_days AS j ON j.application = r.application
  WHERE r.day = $day::DATE
), clocks AS (
  SELECT lower(clock) AS clock, low_us, high_us FROM host_clocks
), widest AS (
  SELECT coalesce(min(low_us), 0) AS low_us, coalesce(max(high_us), 0) AS high_us FROM host_clocks
), timed AS (
  -- When the partner was logged, by its own clock: a quarter of an hour to either side where no clock was read.
  SELECT
    m.*,
    m.gateway_hop_id IS NULL AND m.state IN ('app-only', 'awaiting-gateway') AS unclaimed,
    m.gateway_hop_id IS NOT NULL AND g.target_called AND m.state IN ('gateway-only', 'awaiting-app') AS unanswered,
    g.target_called, g.access_token, g.policy_error, g.correlation_field AS gateway_field, g.correlation_id AS gateway_id,
    g.path_key AS gateway_path_key,
    subject_shape(m.gateway_kind, m.gateway_issuer, m.gateway_subject) AS gateway_shape,
    subject_shape(m.app_kind, m.app_issuer, m.app_subject) AS app_shape,
    CASE WHEN m.gateway_hop_id IS NULL THEN m.start_ts - to_microseconds(coalesce(c.high_us, 900000000))
      ELSE m.start_ts + to_microseconds(least(w.low_us, 0) - 1000000) END AS from_ts,
    CASE WHEN m.gateway_hop_id IS NULL THEN m.end_ts - to_microseconds(coalesce(c.low_us, -900000000)) + INTERVAL 1 SECOND
      ELSE m.end_ts + to_microseconds(greatest(w.high_us, 0) + 1000000) END AS to_ts
  FROM mine AS m
  CROSS JOIN widest AS w
  LEFT JOIN gateway_facts AS g ON g.hop_id = m.gateway_hop_id::UUID
  LEFT JOIN clocks AS c ON c.clock = lower(coalesce(m.host, m.server_ip, ''))
), alike AS (
  SELECT application, proxy, coalesce(site, '') AS site, gateway_shape AS shape FROM timed
  WHERE lower(gateway_subject) = lower(app_subject) AND gateway_shape = app_shape GROUP BY ALL HAVING count(*) >= 5
)
SELECT
  t.request_id, t.application, t.state, t.provisional, t.unclaimed, t.unanswered, t.from_ts, t.to_ts,
  t.start_ts, t.end_ts, t.method, t.path, t.status, t.target_status, t.app_status, t.app_substatus,
  t.decided_by, t.decided_detail, t.fault_code,
  t.gateway_kind, t.gateway_issuer, t.gateway_subject, t.app_kind, t.app_issuer, t.app_subject,
  t.gateway_subject IS NOT NULL AND t.app_subject IS NOT NULL
    AND (t.gateway_shape = t.app_shape OR (og.shape IS NOT NULL AND oa.shape IS NOT NULL)) AS names_comparable,
  t.client_id, t.developer_app, t.proxy, t.target_host, coalesce(t.host, t.server_ip) AS host, coalesce(t.site, '') AS site,
  t.correlation_id, t.trace_id, t.client_ip, t.peer_ip, t.user_agent, t.message_id, t.gateway_hop_id, t.app_hop_ids, t.app_hops,
  t.link_method, t.confidence, coalesce(t.confidence >= 0.99 AND t.link_method <> 'time', FALSE) AS sure,
  t.target_called, t.access_token, t.policy_error, t.gateway_field, t.gateway_id, t.gateway_path_key, t.cache_hit,
  g.side IS NOT NULL AS gateway_covered, a.side IS NOT NULL AS app_covered
FROM timed AS t
LEFT JOIN alike AS og ON og.application = t.application AND og.proxy = t.proxy AND og.site = coalesce(t.site, '') AND og.shape = t.gateway_shape
LEFT JOIN alike AS oa ON oa.application = t.application AND oa.proxy = t.proxy AND oa.site = coalesce(t.site, '') AND oa.shape = t.app_shape
LEFT JOIN covered_runs AS g
  ON g.side = 'gateway' AND g.application = t.application AND g.from_ts <= t.from_ts AND g.to_ts > t.to_ts AND t.unclaimed
LEFT JOIN covered_runs AS a
  ON a.side = 'app' AND a.application = t.application AND a.from_ts <= t.from_ts AND a.to_ts > t.to_ts AND t.unanswered
