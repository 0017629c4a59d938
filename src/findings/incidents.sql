-- Rows that a rule found, each with its incident: rows about the same, without a pause longer than the gap between them.
-- splits: whether a pause begins another incident; NULL: where the rule has a gap. series: all incidents about the same.
-- params: rule VARCHAR, day VARCHAR, gap_us BIGINT (NULL: none)
-- Reads the table found.
-- grain: incident, request_id, at_ts
WITH marked AS (
  SELECT *,
    CASE WHEN coalesce(splits, $gap_us::BIGINT IS NOT NULL)
        AND epoch_us(at_ts) - lag(epoch_us(at_ts)) OVER in_order > $gap_us::BIGINT THEN 1 ELSE 0 END AS begins
  FROM found WHERE why_not IS NULL
  WINDOW in_order AS (PARTITION BY application, about ORDER BY at_ts, request_id)
), numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY application, about ORDER BY at_ts, request_id ROWS UNBOUNDED PRECEDING) AS burst
  FROM marked
), named AS (
  SELECT *, concat_ws(chr(31), $rule, coalesce(application, ''), about) AS series_key,
    coalesce(first_value(request_id) OVER (PARTITION BY application, about, burst ORDER BY at_ts, request_id), $day) AS first_request
  FROM numbered
)
SELECT
  'inc-' || substr(sha256(concat_ws(chr(31), series_key, first_request)), 1, 16) AS incident,
  'ser-' || substr(sha256(series_key), 1, 16) AS series,
  application, about, request_id, at_ts, hops, note, total
FROM named
