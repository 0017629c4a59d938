-- missing-correlation-id: Calls without an id at the application
-- meaning: A hundredth or more of a site's calls through the gateway reached it without a correlation id, so that
--   their legs can be joined by time at best.
-- criteria: CC7.2, CC4.1
-- severity: low
-- do: Let the gateway make an id where the client sends none, and set it on the way to the target. throughline
--   doctor has the settings.
-- coverage: none
-- config: none
-- about: site, host
-- gap: none
WITH told AS (
  SELECT c.application, c.request_id, c.start_ts, c.gateway_hop_id, c.gateway_id, l.hop_id, l.site, l.host, l.correlation_id,
    count(*) OVER of_host AS total, count(*) FILTER (WHERE l.correlation_id IS NULL) OVER of_host AS missing
  FROM calls AS c JOIN lines AS l ON l.request_id = c.request_id
  WHERE l.linked
  WINDOW of_host AS (PARTITION BY c.application, l.site, l.host)
)
SELECT
  application, request_id, start_ts AS at_ts,
  json_object('site', site, 'host', host) AS about,
  [gateway_hop_id, hop_id] AS hops,
  CASE WHEN missing = total THEN 'the log has no id at all' WHEN gateway_id IS NULL THEN 'the client sent none' ELSE 'lost between gateway and application' END AS note,
  total,
  NULL AS why_not
FROM told
WHERE correlation_id IS NULL AND missing * 100 >= total
