-- ghost: Called, and nobody logged it
-- meaning: The gateway's record says that it called its target, and no log of the application has the call: lines
--   were lost or removed, logging is off for a part, or another system answered.
-- criteria: CC7.2, CC4.1
-- severity: medium
-- do: Check which system answers under the target's name, whether IIS logs all of it (dontLog, selective logging),
--   and whether log files were changed. HTTP.sys keeps what it refused in HTTPERR logs: hand them over with the others.
-- coverage: app
-- config: none
-- erased: none
-- not-evaluated: app-not-covered, target-not-logged, kernel-log-missing, partner-in-doubt, link-ambiguous,
--   partner-pruned
-- about: target, proxy
-- gap: 30 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('target', c.target_host, 'proxy', c.proxy) AS about,
  [c.gateway_hop_id] AS hops,
  CASE WHEN c.target_status IS NULL THEN 'no answer' ELSE 'answered ' || c.target_status END AS note,
  CASE
    WHEN c.undecided IS NOT NULL THEN c.undecided
    WHEN c.app_gap IS NOT NULL THEN 'app-not-covered'
    WHEN c.target_host IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM calls AS o WHERE o.target_host = c.target_host AND o.state = 'joined') THEN 'target-not-logged'
    -- Statuses that HTTP.sys gives, and answers that it never sent, have no line of IIS.
    WHEN NOT $kernel_logs::BOOLEAN AND coalesce(c.target_status IN (400, 411, 413, 414, 431, 501, 503, 505), TRUE) THEN 'kernel-log-missing'
    -- A line that no id gives to another call may be its own.
    WHEN EXISTS (
      SELECT 1 FROM server_lines AS l JOIN calls AS u ON u.request_id = l.request_id
      WHERE coalesce(l.trusted, TRUE) AND l.link_method IS DISTINCT FROM 'id'
        AND (l.correlation_id IS NULL OR c.gateway_id IS NULL OR l.correlation_id = c.gateway_id)
        AND (l.path_key = c.gateway_path_key OR (l.kernel AND l.path_key IS NULL)) AND (l.method = c.method OR (l.kernel AND l.method IS NULL))
        AND u.from_ts - INTERVAL 1 MINUTE < c.end_ts AND u.to_ts + INTERVAL 1 MINUTE > c.start_ts)
      THEN 'partner-in-doubt'
  END AS why_not,
  c.app_gap AS coverage
FROM calls AS c
WHERE c.unanswered OR (c.undecided IS NOT NULL AND c.target_called)
