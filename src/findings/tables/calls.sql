-- Requests of a day, with what coverage and other requests say of them.
-- gateway_covered, app_covered: whether the other side is complete for as long as its hop could have been logged.
-- names_comparable: the two subjects are written in one way, or in ways of which each is written alike by proxy and site.
-- Reads the tables timed_calls, covered_runs and alike_names.
-- grain: request_id
SELECT
  t.* EXCLUDE (gateway_shape, app_shape),
  coalesce(t.gateway_shape = t.app_shape OR (og.shape IS NOT NULL AND oa.shape IS NOT NULL), FALSE)
    AND t.gateway_subject IS NOT NULL AND t.app_subject IS NOT NULL AS names_comparable,
  g.side IS NOT NULL AS gateway_covered,
  a.side IS NOT NULL AS app_covered
FROM timed_calls AS t
LEFT JOIN alike_names AS og ON og.application = t.application AND og.proxy = t.proxy AND og.site = t.site AND og.shape = t.gateway_shape
LEFT JOIN alike_names AS oa ON oa.application = t.application AND oa.proxy = t.proxy AND oa.site = t.site AND oa.shape = t.app_shape
LEFT JOIN covered_runs AS g
  ON g.side = 'gateway' AND g.application = t.application AND g.from_ts <= t.from_ts AND g.to_ts > t.to_ts AND t.unclaimed
LEFT JOIN covered_runs AS a
  ON a.side = 'app' AND a.application = t.application AND a.from_ts <= t.from_ts AND a.to_ts > t.to_ts AND t.unanswered
