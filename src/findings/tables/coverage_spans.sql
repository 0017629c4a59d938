-- From each hour to each later one, what keeps a side of an application from being whole in between; gap NULL: it is whole.
-- Reads the table coverage_worst.
-- grain: side, application, from_hour, to_hour
SELECT a.side, a.application, a.hour AS from_hour, b.hour AS to_hour,
  CASE WHEN count(*) * 3600000000 < epoch_us(b.hour) - epoch_us(a.hour) + 3600000000 THEN coalesce(arg_max(m.gap, m.rank), 'nothing-known')
    ELSE arg_max(m.gap, struct_pack(rank := m.rank, hour := m.hour)) END AS gap
FROM coverage_worst AS a
JOIN coverage_worst AS b ON b.side = a.side AND b.application = a.application AND b.hour >= a.hour
JOIN coverage_worst AS m ON m.side = a.side AND m.application = a.application AND m.hour BETWEEN a.hour AND b.hour
GROUP BY a.side, a.application, a.hour, b.hour
