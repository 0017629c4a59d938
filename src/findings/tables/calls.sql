-- Requests of a day, with what coverage and other requests say of them.
-- gateway_gap, app_gap: why it is not known that the other side is whole for as long as its hop could have been logged, as
-- in docs/coverage.md; NULL: it is whole, or nothing is missing.
-- names_comparable: the two subjects are written in one way, or in ways of which each is written alike by proxy and site.
-- Reads the tables timed_calls, coverage_spans and alike_names.
-- grain: request_id
SELECT
  t.* EXCLUDE (gateway_shape, app_shape),
  coalesce(t.gateway_shape = t.app_shape OR (og.shape IS NOT NULL AND oa.shape IS NOT NULL), FALSE)
    AND t.gateway_subject IS NOT NULL AND t.app_subject IS NOT NULL AS names_comparable,
  CASE WHEN t.unclaimed AND g.side IS NULL THEN 'nothing-known' ELSE g.gap END AS gateway_gap,
  CASE WHEN t.unanswered AND a.side IS NULL THEN 'nothing-known' ELSE a.gap END AS app_gap
FROM timed_calls AS t
LEFT JOIN alike_names AS og ON og.application = t.application AND og.proxy = t.proxy AND og.site = t.site AND og.shape = t.gateway_shape
LEFT JOIN alike_names AS oa ON oa.application = t.application AND oa.proxy = t.proxy AND oa.site = t.site AND oa.shape = t.app_shape
LEFT JOIN coverage_spans AS g
  ON g.side = 'gateway' AND g.application = t.application AND t.unclaimed
    AND g.from_hour = date_trunc('hour', t.from_ts) AND g.to_hour = date_trunc('hour', t.to_ts)
LEFT JOIN coverage_spans AS a
  ON a.side = 'app' AND a.application = t.application AND t.unanswered
    AND a.from_hour = date_trunc('hour', t.from_ts) AND a.to_hour = date_trunc('hour', t.to_ts)
