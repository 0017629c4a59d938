-- Pairs with what contradicts them. reasons: words separated by spaces, NULL where nothing does (plausible).
-- A column that is NULL on either side is no evidence; neither are paths or target stamps where weak_evidence says so.
-- time: by the host's clock, the app handled its request wholly before or after the gateway did. Only where the clock
-- is known to run steadily.
-- grain: app_hop_id, gateway_hop_id, rank
SELECT
  p.*,
  nullif(concat_ws(' ',
    CASE WHEN NOT p.same_application THEN 'application' END,
    CASE WHEN NOT p.same_method THEN 'method' END,
    CASE WHEN NOT coalesce(p.same_path, TRUE) AND NOT coalesce(w.no_paths, FALSE) THEN 'path' END,
    CASE WHEN NOT p.target_called AND NOT coalesce(w.no_targets, FALSE) THEN 'target-not-called' END,
    CASE WHEN q.steady AND (p.end_us + p.resolution_us - q.low_us < p.start_us - 2000000
        OR p.end_us - q.high_us - coalesce(p.took_us, 0) > p.stop_us + 2000000) THEN 'time' END,
    CASE WHEN coalesce(u.untrusted, FALSE) THEN 'untrusted-peer' END), '') AS reasons,
  q.low_us AS clock_low_us, q.high_us AS clock_high_us
FROM pairs AS p
LEFT JOIN weak_evidence AS w ON w.proxy = coalesce(p.proxy, '')
LEFT JOIN clock_quarters AS q ON q.clock_host = p.clock_host AND q.quarter = p.end_us // 900000000
LEFT JOIN untrusted_peers AS u ON u.peer_ip = coalesce(p.peer_ip, '')
