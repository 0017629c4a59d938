-- Pairs by an id that several gateway hops have (a session's, a trace's): hops pair within one method and path. An app
-- hop that fits none of them, or one of more than eight alike, pairs with the last that began before it, so that work
-- is bounded; crowd says how many were alike, two at least: another hop with the id may be the one that is missing. All
-- stay ambiguous here; times and durations decide inside the id.
-- grain: app_hop_id, gateway_hop_id
WITH app_ids AS (
  SELECT * FROM app_window WHERE correlation_id IN (SELECT id FROM reused_ids) AND correlation_id NOT IN (SELECT id FROM hot_ids)
), crowds AS (
  SELECT correlation_id AS id, upper(method) AS method, path_key, count(*) AS crowd
  FROM gateway_window WHERE correlation_id IN (SELECT id FROM reused_ids) GROUP BY ALL
), alike_pairs AS (
  SELECT a.hop_id AS app_hop_id, g.hop_id AS gateway_hop_id, greatest(2, c.crowd) AS crowd
  FROM app_ids AS a
  JOIN crowds AS c ON c.id = a.correlation_id AND c.method = upper(a.method) AND c.path_key = a.path_key AND c.crowd <= 8
  JOIN gateway_window AS g ON g.correlation_id = c.id AND upper(g.method) = c.method AND g.path_key = c.path_key
), crowded_pairs AS (
  SELECT a.hop_id AS app_hop_id, g.hop_id AS gateway_hop_id, greatest(2, c.crowd) AS crowd
  FROM app_ids AS a
  JOIN crowds AS c ON c.id = a.correlation_id AND c.method = upper(a.method) AND c.path_key = a.path_key AND c.crowd > 8
  ASOF JOIN gateway_window AS g
    ON g.correlation_id = c.id AND upper(g.method) = c.method AND g.path_key = c.path_key AND a.end_ts >= date_trunc('second', g.start_ts)
), unlike_pairs AS (
  SELECT a.hop_id AS app_hop_id, g.hop_id AS gateway_hop_id, 1 AS crowd
  FROM app_ids AS a
  ASOF JOIN gateway_window AS g ON a.correlation_id = g.correlation_id AND a.end_ts >= date_trunc('second', g.start_ts)
  WHERE NOT EXISTS (SELECT 1 FROM crowds AS c
      WHERE c.id = a.correlation_id AND c.method = upper(a.method) AND c.path_key = a.path_key)
), all_pairs AS (
  SELECT * FROM alike_pairs
  UNION ALL SELECT * FROM crowded_pairs
  UNION ALL SELECT * FROM unlike_pairs
)
SELECT
  p.app_hop_id, p.gateway_hop_id, p.crowd::INTEGER AS crowd,
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
FROM all_pairs AS p
JOIN app_window AS a ON a.hop_id = p.app_hop_id
JOIN gateway_window AS g ON g.hop_id = p.gateway_hop_id
WHERE a.end_ts < g.start_ts + INTERVAL 24 HOURS AND a.end_ts > g.start_ts - INTERVAL 24 HOURS
