-- How many gateway hops of an application could have caused an app hop by what can be counted: those that called their target and were
-- answered between from_us and to_us. calls: all of them; alike: of the same method and path; answered: with its status
-- too (of a hop that HTTP.sys dropped: without one); taken: of these, those that have another app hop as their answer.
-- Reads the views around_gateway and around_links.
-- grain: one row
WITH calls AS (
  SELECT hop_id, method, path_key, target_status FROM around_gateway
  WHERE target_called AND application = $application::VARCHAR
    AND epoch_us(coalesce(target_received_end_ts, client_sent_start_ts, end_ts)) BETWEEN $from_us::BIGINT AND $to_us::BIGINT
), alike AS (
  SELECT hop_id, CASE WHEN $dropped::BOOLEAN THEN target_status IS NULL ELSE coalesce(target_status = $status::INTEGER, TRUE) END AS answered FROM calls
  WHERE upper(method) = upper($method::VARCHAR) AND path_key = $path_key::VARCHAR
)
SELECT
  (SELECT count(*) FROM calls)::INTEGER AS calls,
  (SELECT count(*) FROM alike)::INTEGER AS alike,
  (SELECT count(*) FROM alike WHERE answered)::INTEGER AS answered,
  (SELECT count(*) FROM alike WHERE answered AND hop_id IN (
    SELECT gateway_hop_id FROM around_links
    WHERE verdict = 'linked' AND coalesce(how NOT IN ('handshake', 'retry'), TRUE)))::INTEGER AS taken
