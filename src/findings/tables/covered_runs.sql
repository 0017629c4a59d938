-- Stretches of time in which every source of an application's side is complete, hour by hour without a gap.
-- Reads the table coverage_hours.
-- grain: side, application, from_ts
WITH whole AS (
  SELECT side, application, hour FROM coverage_hours GROUP BY ALL HAVING bool_and(state = 'complete')
), numbered AS (
  SELECT side, application, hour,
    epoch_us(hour) // 3600000000 - row_number() OVER (PARTITION BY side, application ORDER BY hour) AS run
  FROM whole
)
SELECT side, application, min(hour) AS from_ts, max(hour) + INTERVAL 1 HOUR AS to_ts
FROM numbered GROUP BY side, application, run
