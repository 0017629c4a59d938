-- Lines whose id repeats, with their number among equal lines, from 0: by their order in their source, or by offset where
-- a shipper told it, whichever sources they came in. Reads the tables repeated_lines and delivered and the view carried.
-- log, spot: NULL where the line was read from its log itself, or the shipper did not tell.
-- grain: source_id, line_no
WITH places AS (
  SELECT r.*, d.spot IS NOT NULL AS is_delivered
  FROM repeated_lines AS r LEFT JOIN delivered AS d ON d.first_id = r.first_id AND d.log = r.log AND d.spot = r.spot
), before AS (
  SELECT first_id, log, count(*) AS lines FROM delivered GROUP BY first_id, log
)
SELECT
  p.first_id, p.content, p.counted, p.source_id, p.line_no, p.us,
  -- A line that was delivered before falls to the first of its kind, which the store has.
  CASE WHEN p.is_delivered THEN 0 ELSE
    dense_rank() OVER (
      PARTITION BY CASE WHEN p.spot IS NULL THEN p.source_id ELSE -1 END, p.log, p.first_id, p.content, p.is_delivered
      ORDER BY p.spot, CASE WHEN p.spot IS NULL THEN p.line_no END
    ) - 1 + coalesce(c.seen, 0) + coalesce(b.lines, 0)
  END AS ordinal,
  p.is_delivered OR (p.spot IS NOT NULL AND row_number() OVER (
    PARTITION BY p.first_id, p.log, p.spot ORDER BY p.source_id, p.line_no) > 1) AS is_again
FROM places AS p
LEFT JOIN carried AS c
  ON p.spot IS NULL AND c.source_id = p.source_id AND c.hop_id = p.first_id AND c.log IS NOT DISTINCT FROM p.log
LEFT JOIN before AS b ON p.spot IS NOT NULL AND b.first_id = p.first_id AND b.log = p.log
