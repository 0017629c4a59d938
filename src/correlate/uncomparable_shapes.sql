-- Shapes of subjects in which the two sides do not name the same people: less than half of their hops could be paired by
-- subject. A service account beside people, or DOMAIN\\user beside mail addresses without alias rules.
-- grain: shape
CREATE OR REPLACE TEMP TABLE uncomparable_shapes AS
WITH a AS (
  SELECT shape, subject, count(*)::HUGEINT AS n FROM lines WHERE subject <> -1 GROUP BY ALL
), g AS (
  SELECT shape, subject, count(*)::HUGEINT AS n FROM calls WHERE subject <> -1 GROUP BY ALL
), a_total AS (
  SELECT shape, sum(n) AS n FROM a GROUP BY shape
), g_total AS (
  SELECT shape, sum(n) AS n FROM g GROUP BY shape
), shared AS (
  SELECT a.shape, sum(least(a.n * tg.n, g.n * ta.n)) AS overlap
  FROM a JOIN g USING (shape, subject) JOIN a_total AS ta USING (shape) JOIN g_total AS tg USING (shape)
  GROUP BY a.shape
)
SELECT ta.shape FROM a_total AS ta LEFT JOIN g_total AS tg USING (shape) LEFT JOIN shared AS s USING (shape)
WHERE tg.n IS NULL OR coalesce(2 * s.overlap, 0) < ta.n * tg.n
