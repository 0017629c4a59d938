-- token-rejected-downstream: Let in by the gateway, refused by the application
-- meaning: The gateway accepted a caller's token and the application answered 401 or 403. Five or more in a minute
--   that are a tenth of the proxy's calls are a burst: one incident, with a hint at its cause where the logs show one.
-- criteria: CC6.1, CC7.2
-- severity: medium
-- do: Compare lifetime, audience and keys that gateway and application check tokens by, and the clocks of the
--   hosts; look whether the header that carries the token reaches the application.
-- coverage: none
-- config: none
-- erased: target_called AND coalesce(target_status, app_status) IN (401, 403)
-- not-evaluated: link-uncertain, link-ambiguous, partner-pruned, subject-erased
-- about: proxy, kind
-- gap: 5 min
WITH verified AS (
  SELECT * EXCLUDE (refused), coalesce(target_status, app_status) IN (401, 403) AS refused
  FROM calls
  WHERE target_called AND (state = 'joined' OR undecided IS NOT NULL) AND (client_id IS NOT NULL OR gateway_subject IS NOT NULL)
), counted AS (
  SELECT *, count(*) FILTER (WHERE refused AND undecided IS NULL) OVER around AS refusals,
    count(*) FILTER (WHERE undecided IS NULL) OVER around AS calls_around
  FROM verified
  WINDOW around AS (PARTITION BY application, proxy ORDER BY start_ts RANGE BETWEEN INTERVAL 30 SECOND PRECEDING AND INTERVAL 30 SECOND FOLLOWING)
)
SELECT
  c.application, c.request_id, c.start_ts AS at_ts,
  json_object('proxy', c.proxy, 'kind', CASE WHEN c.refusals >= 5 AND c.refusals * 10 >= c.calls_around THEN 'burst' ELSE 'single' END) AS about,
  list_prepend(c.gateway_hop_id, c.app_hop_ids) AS hops,
  concat_ws('.', c.app_status, c.app_substatus) AS note,
  c.refusals >= 5 AND c.refusals * 10 >= c.calls_around AS splits,
  CASE WHEN c.undecided IS NOT NULL THEN c.undecided WHEN NOT c.sure THEN 'link-uncertain' END AS why_not
FROM counted AS c
WHERE c.refused AND NOT EXISTS (
  SELECT 1 FROM lines AS l WHERE l.request_id = c.request_id AND l.handshake AND c.app_substatus IN (1, 2) AND c.app_subject IS NULL)
