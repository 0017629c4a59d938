-- ghost: Called, and nobody logged it
-- meaning: The gateway's record says that it called its target, and no log of the application has the call: lines
--   were lost or removed, logging is off for a part, or another system answered.
-- criteria: CC7.2, CC4.1
-- severity: medium
-- do: Check which system answers under the target's name, whether IIS logs all of it (dontLog, selective logging),
--   and whether log files were changed. HTTP.sys keeps what it refused in HTTPERR logs.
-- coverage: app
-- config: none
-- about: target, proxy
-- gap: 30 min
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('target', c.target_host, 'proxy', c.proxy) AS about,
  [c.gateway_hop_id] AS hops,
  CASE WHEN c.target_status IS NULL THEN 'no answer' ELSE 'answered ' || c.target_status END AS note,
  CASE
    WHEN NOT c.app_covered THEN 'app-not-covered'
    WHEN c.target_host IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM calls AS o WHERE o.target_host = c.target_host AND o.state = 'joined') THEN 'target-not-logged'
    -- A line that no id gives to another call may be its own.
    WHEN EXISTS (
      SELECT 1 FROM lines AS l JOIN calls AS u ON u.request_id = l.request_id
      WHERE coalesce(l.trusted, TRUE) AND (u.link_method IS NULL OR u.link_method <> 'id')
        AND (l.correlation_id IS NULL OR c.gateway_id IS NULL OR l.correlation_id = c.gateway_id)
        AND l.path_key = c.gateway_path_key AND l.method = c.method
        AND u.from_ts - INTERVAL 1 MINUTE < c.end_ts AND u.to_ts + INTERVAL 1 MINUTE > c.start_ts)
      THEN 'partner-in-doubt'
  END AS why_not
FROM calls AS c
WHERE c.unanswered
