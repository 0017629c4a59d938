-- What the gateway hops of the day claim by ids, with the columns of every link row.
-- nobody: probability that the app hop has no partner. NULL: not weighed, an id decided.
-- grain: app_hop_id, gateway_hop_id
SELECT
  app_hop_id, gateway_hop_id, app_day, near_midnight, verdict, method, posterior, runner_up, candidates, id, gateway_field, app_field,
  how, reasons, duration_residual_us, ahead_us, clock_low_us, clock_high_us,
  NULL::DOUBLE AS nobody, NULL::DOUBLE AS log_duration, NULL::DOUBLE AS log_place, NULL::DOUBLE AS log_values,
  NULL::DOUBLE AS log_alone, NULL::BIGINT AS place_residual_us, TRUE AS calibrated
FROM verdicts WHERE in_day
