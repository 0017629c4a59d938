-- Hops of each track by application and hour.
-- Reads coverage_minutes.
-- grain: side, track, application, hour
SELECT side, track, application, minute // 60 AS hour, sum(hops)::DOUBLE AS hops, min(first_us)::DOUBLE AS first_us,
  max(last_us)::DOUBLE AS last_us
FROM coverage_minutes GROUP BY ALL ORDER BY side, track, application, hour
