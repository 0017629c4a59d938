-- Lines that came from the gateway, by log stream and half a minute of their begin on the host's clock, and how many of
-- them no record claims. From the gateway is what comes from an address of which links exist for a fifth of the lines.
-- Reads coverage_app, coverage_links, coverage_streams and coverage_unlinked.
-- grain: stream, application, slot
WITH lines AS (
  SELECT s.track AS stream, a.application, epoch_us(a.start_ts) // 30000000 AS slot, coalesce(a.peer_ip, '') AS peer,
    count(*) AS lines, count(*) FILTER (WHERE a.hop_id IN (SELECT app_hop_id FROM coverage_links)) AS claimed,
    count(*) FILTER (WHERE a.hop_id IN (SELECT app_hop_id FROM coverage_links WHERE verdict = 'linked')) AS linked
  FROM coverage_app AS a
  JOIN coverage_streams AS s
    ON s.source_id = a.source_id AND s.log IS NOT DISTINCT FROM a.log AND s.host IS NOT DISTINCT FROM a.host
  WHERE (a.application, a.end_ts::DATE) NOT IN (SELECT application, day FROM coverage_unlinked)
  GROUP BY ALL
), gateways AS (
  SELECT peer FROM lines GROUP BY peer HAVING sum(linked) >= 10 AND sum(linked) * 5 >= sum(lines)
)
SELECT stream, application, slot, sum(lines)::DOUBLE AS lines, sum(lines - claimed)::DOUBLE AS loose
FROM lines WHERE peer IN (SELECT peer FROM gateways)
GROUP BY stream, application, slot
