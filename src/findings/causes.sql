-- What refused and accepted calls of each burst have in common: counts by incident, from which causes.ts reads a hint.
-- A burst's calls are those of its proxy from its first to its last refusal. age: since the token's first use of the day.
-- off: the host's clock was read as a second or more off; named: the line has a header that names the user.
-- NULL where nothing can be counted.
-- Reads the tables grouped, calls, lines and host_clocks.
-- grain: incident
WITH bursts AS (
  SELECT incident, application, json_extract_string(about, '$.proxy') AS proxy, min(at_ts) AS from_ts, max(at_ts) AS to_ts
  FROM grouped WHERE json_extract_string(about, '$.kind') = 'burst' GROUP BY ALL
), first_uses AS (
  SELECT access_token, min(start_ts) AS first_ts FROM calls WHERE access_token IS NOT NULL GROUP BY access_token
), answers AS (
  SELECT request_id, bool_or(header_user) AS named FROM lines WHERE linked GROUP BY request_id
), around AS (
  SELECT b.incident, c.request_id IN (SELECT request_id FROM grouped) AS refused,
    coalesce(c.developer_app, c.client_id) AS client, c.access_token,
    epoch_us(c.start_ts) - epoch_us(u.first_ts) AS age_us, a.named, abs(k.middle_us) >= 1000000 AS off
  FROM bursts AS b
  JOIN calls AS c ON c.application = b.application AND c.proxy IS NOT DISTINCT FROM b.proxy AND c.start_ts BETWEEN b.from_ts AND b.to_ts AND c.state = 'joined'
  LEFT JOIN first_uses AS u ON u.access_token = c.access_token
  LEFT JOIN answers AS a ON a.request_id = c.request_id
  LEFT JOIN host_clocks AS k ON lower(k.clock) = lower(c.host)
), clients AS (
  SELECT incident, client, count(*) FILTER (WHERE refused) AS refused, count(*) FILTER (WHERE NOT refused) AS accepted
  FROM around WHERE client IS NOT NULL GROUP BY ALL
), by_client AS (
  SELECT incident, arg_max(client, refused) AS client, max(refused) AS client_refused, arg_max(accepted, refused) AS client_accepted,
    count(*) FILTER (WHERE accepted >= 3 AND refused * 20 <= accepted) AS clients_accepted
  FROM clients GROUP BY incident
)
SELECT
  a.incident,
  (count(*) FILTER (WHERE a.refused))::INTEGER AS refused,
  (count(*) FILTER (WHERE NOT a.refused))::INTEGER AS accepted,
  (count(*) FILTER (WHERE a.refused AND a.named))::INTEGER AS refused_named,
  (count(*) FILTER (WHERE NOT a.refused AND a.named))::INTEGER AS accepted_named,
  (count(*) FILTER (WHERE a.refused AND a.off))::INTEGER AS refused_off,
  (count(*) FILTER (WHERE NOT a.refused AND a.off))::INTEGER AS accepted_off,
  (count(*) FILTER (WHERE NOT a.refused AND NOT a.off))::INTEGER AS accepted_right,
  (count(DISTINCT a.access_token) FILTER (WHERE a.refused))::INTEGER AS refused_tokens,
  (count(DISTINCT a.access_token) FILTER (WHERE NOT a.refused))::INTEGER AS accepted_tokens,
  (quantile_disc(a.age_us, 0.02) FILTER (WHERE a.refused))::DOUBLE AS refused_from_us,
  (quantile_disc(a.age_us, 0.98) FILTER (WHERE NOT a.refused))::DOUBLE AS accepted_to_us,
  any_value(c.client) AS client,
  any_value(c.client_refused)::INTEGER AS client_refused,
  any_value(c.client_accepted)::INTEGER AS client_accepted,
  any_value(c.clients_accepted)::INTEGER AS clients_accepted
FROM around AS a LEFT JOIN by_client AS c ON c.incident = a.incident
GROUP BY a.incident
ORDER BY a.incident
