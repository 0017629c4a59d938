-- log-gap: Logs are missing
-- meaning: For some hours the logs of a source are not whole, so that nothing can be said of what happened there.
-- criteria: CC7.2, CC4.1
-- severity: medium
-- do: Fetch the files that are missing and ingest them; where they are gone, find out who or what removed them.
--   throughline coverage shows each hour and what tells.
-- coverage: any
-- config: none
-- erased: none
-- not-evaluated: coverage-unknown
-- about: side, source
-- gap: 60 min
SELECT
  application, NULL AS request_id, hour AS at_ts,
  json_object('side', side, 'source', CASE
    WHEN side = 'gateway' THEN concat_ws(' / ', organization, environment)
    WHEN target IS NOT NULL THEN concat_ws(' ', 'an unknown log behind', nullif(target, ''))
    ELSE concat_ws(' ', coalesce(host, log), CASE WHEN host IS NOT NULL THEN site END) END) AS about,
  [] AS hops,
  concat_ws(': ', state, reason) AS note,
  CASE WHEN state = 'unknown' THEN 'coverage-unknown' END AS why_not,
  reason AS coverage
FROM coverage_hours JOIN judged_days USING (application)
WHERE hour >= $day::TIMESTAMP AND hour < $day::TIMESTAMP + INTERVAL 1 DAY AND state <> 'complete'
