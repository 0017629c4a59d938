-- clock-drift: A host's clock is off
-- meaning: The clock of a host that logs was further from the gateway's than allowed, so that its stamps are no
--   evidence of order by themselves.
-- criteria: CC7.2, CC4.1
-- severity: low
-- do: Let the host take its time from the same source as the others (w32tm /query /status). throughline clocks
--   shows how it went.
-- coverage: none
-- config: none
-- erased: none
-- not-evaluated: none
-- about: host
-- gap: none
SELECT
  NULL AS application, NULL AS request_id, $day::TIMESTAMP AS at_ts,
  json_object('host', clock) AS about,
  [] AS hops,
  concat_ws(' ', printf('%.2f', abs(middle_us) / 1000000), 's', CASE WHEN middle_us > 0 THEN 'ahead' ELSE 'behind' END,
    CASE WHEN NOT calibrated THEN '(read without ids)' END) AS note,
  links AS total,
  NULL AS why_not
FROM host_clocks
WHERE abs(middle_us) > $clock_ahead_us::BIGINT AND (low_us > 0 OR high_us < 0)
