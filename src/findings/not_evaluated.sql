-- What one rule could not evaluate on a day: by application and reason, in which hours, and how many requests that are.
-- Where it needs the logs of a side to be whole, hours with requests in which they are not are among them, whether or not
-- a request depends on it.
-- params: side VARCHAR (the side that must be whole; NULL: none)
-- Reads the tables found, coverage_worst and asked_hours.
-- grain: application, why_not, coverage
WITH undecided AS (
  SELECT application, why_not, request_id, date_trunc('hour', at_ts) AS hour,
    CASE WHEN why_not IN ('gateway-not-covered', 'app-not-covered', 'coverage-unknown') THEN coverage END AS coverage
  FROM found WHERE why_not IS NOT NULL
  UNION ALL
  SELECT application, $side || '-not-covered', NULL, hour, w.gap
  FROM coverage_worst AS w JOIN asked_hours AS h USING (application, hour)
  WHERE w.side = $side AND w.gap IS NOT NULL
)
SELECT application, why_not, coverage, count(DISTINCT request_id)::VARCHAR AS requests,
  list(DISTINCT strftime(hour, '%Y-%m-%dT%HZ') ORDER BY strftime(hour, '%Y-%m-%dT%HZ')) AS hours
FROM undecided GROUP BY ALL ORDER BY application, why_not, coverage
