-- Hops with the canonical texts and the salts of their leaves.
-- Reads leaf_texts (segment, hop_id, source_id, line_no, personal, rest), wanted (n, k, segment, leaf_index and the same
-- key) and the table day_keys.
-- grain: n, k
WITH texts AS (
  SELECT w.n, w.k, w.segment, w.leaf_index, w.hop_id, t.personal, t.rest,
    sha256(unhex(d.day_key) || encode(concat('leaf', hex_id(w.hop_id), ':', w.source_id, ':', w.line_no))) AS salts
  FROM wanted AS w
  JOIN leaf_texts AS t USING (segment, hop_id, source_id, line_no)
  JOIN day_keys AS d USING (segment)
)
SELECT n, k, segment, leaf_index, hop_id, personal, rest, salts[:32] AS salt_personal, salts[33:] AS salt_rest FROM texts
