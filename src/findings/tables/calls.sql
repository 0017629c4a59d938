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
  CASE WHEN t.unclaimed THEN CASE WHEN s.side IS NULL THEN 'nothing-known' ELSE s.gap END END AS gateway_gap,
  CASE WHEN t.unanswered THEN CASE WHEN s.side IS NULL THEN 'nothing-known' ELSE s.gap END END AS app_gap
FROM timed_calls AS t
LEFT JOIN alike_names AS og ON og.application = t.application AND og.proxy = t.proxy AND og.site = t.site AND og.shape = t.gateway_shape
LEFT JOIN alike_names AS oa ON oa.application = t.application AND oa.proxy = t.proxy AND oa.site = t.site AND oa.shape = t.app_shape
-- Equalities alone: any other condition would make it a loop over all pairs.
LEFT JOIN coverage_spans AS s
  ON s.side = CASE WHEN t.unclaimed THEN 'gateway' WHEN t.unanswered THEN 'app' END AND s.application = t.application
    AND s.from_hour = date_trunc('hour', t.from_ts) AND s.to_hour = date_trunc('hour', t.to_ts)
