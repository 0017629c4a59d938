-- Times of a minute and more between two stamps of a track. Shorter ones lie within two neighbouring minutes.
-- Reads coverage_minutes. Of equal stamps the source with the smaller number counts.
-- grain: side, track, from_us
WITH per_minute AS (
  SELECT side, track, minute, min(first_us) AS first_us, max(last_us) AS last_us,
    arg_min(source_id, (first_us, source_id)) AS first_source, arg_min(source_id, (-last_us, source_id)) AS last_source
  FROM coverage_minutes GROUP BY side, track, minute
), neighbours AS (
  SELECT side, track, first_us AS to_us, first_source AS to_source,
    lag(last_us) OVER before AS from_us, lag(last_source) OVER before AS from_source
  FROM per_minute WINDOW before AS (PARTITION BY side, track ORDER BY minute)
)
SELECT side, track, from_us::DOUBLE AS from_us, to_us::DOUBLE AS to_us, from_source, to_source
FROM neighbours WHERE to_us - from_us >= 60000000 ORDER BY side, track, from_us
