-- Pairs of hops whose first ids are equal and whose stamps lie less than 24 hours apart, for ids that one gateway hop
-- has: all its app hops pair with it (retries, logon handshakes).
-- id is NULL: it is the app hop's correlation_id.
-- grain: app_hop_id, gateway_hop_id
SELECT
  a.hop_id AS app_hop_id, g.hop_id AS gateway_hop_id, 1 AS crowd,
  g.in_day, g.near,
  a.end_ts::DATE AS app_day,
  0 AS rank,
  NULL::VARCHAR AS id,
  g.correlation_field AS gateway_field,
  a.correlation_field AS app_field,
  'equal' AS how,
  g.proxy,
  g.target_called,
  coalesce(upper(a.method) = upper(g.method), TRUE) AS same_method,
  a.path_key = g.path_key AS same_path,
  a.same_application,
  a.peer_ip,
  a.clock_host, a.end_us, a.resolution_us, a.took_us, g.start_us, g.stop_us, g.at_us, g.took_us AS gateway_took_us
FROM app_window AS a
JOIN gateway_window AS g ON a.correlation_id = g.correlation_id
WHERE a.end_ts < g.start_ts + INTERVAL 24 HOURS AND a.end_ts > g.start_ts - INTERVAL 24 HOURS
  AND a.correlation_id NOT IN (SELECT id FROM hot_ids)
  AND a.correlation_id NOT IN (SELECT id FROM reused_ids)
