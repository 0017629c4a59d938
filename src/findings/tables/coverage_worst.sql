-- What keeps a side of an application from being whole in an hour: the worst of its logs; NULL: it is whole. Logs that are
-- not known at all are left to those who ask about their target; where there is no other, they are all that is known.
-- Reads the table coverage_hours.
-- grain: side, application, hour
WITH ranked AS (
  SELECT *, CASE state WHEN 'complete' THEN 0 WHEN 'unknown' THEN 1 WHEN 'partial' THEN 2 ELSE 3 END AS rank,
    bool_or(target IS NULL) OVER (PARTITION BY side, application, hour) AS has_known
  FROM coverage_hours
)
SELECT side, application, hour, max(rank) AS rank,
  CASE WHEN max(rank) > 0 THEN arg_max(reason, struct_pack(rank := rank, reason := reason)) END AS gap
FROM ranked WHERE target IS NULL OR NOT has_known
GROUP BY side, application, hour
