-- Reading and proving the trail.

SET ROLE portal_audit;

-- an event with its place in the chain; seq is NULL inside the transaction that makes the event
CREATE VIEW audit.trail AS
SELECT
    event.id, event.chain, seal.seq, event.tx::text AS tx, event.recorded_at, event.actor, event.actor_role, event.via,
    event.request_id, event.client_ip, event.db_user, event.event_type, event.action::text AS action, event.outcome,
    event.entity, event.entity_id, event.organisation, event.patient_ref, event.reason, event.before, event.after,
    event.content_hash, seal.prev_hash, seal.hash
FROM audit.event
LEFT JOIN audit.seal ON seal.event_id = event.id;

-- Everything wrong with the chains, first broken link first. Empty when all is well. A chain inside a database cannot
-- prove that it was not rebuilt as a whole: that takes the checkpoints, whose key is elsewhere.
CREATE FUNCTION audit.verify() RETURNS TABLE (problem text, chain int, seq bigint, event_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH link AS (
        SELECT s.*, lag(s.seq) OVER chained AS last_seq, lag(s.hash) OVER chained AS last_hash
        FROM audit.seal s
        WINDOW chained AS (PARTITION BY s.chain ORDER BY s.seq)
    ),
    final AS (
        SELECT DISTINCT ON (s.chain) s.chain, s.seq, s.hash FROM audit.seal s ORDER BY s.chain, s.seq DESC
    ),
    fault AS (
        SELECT 'seq_gap' AS problem, l.chain, l.seq, l.event_id
        FROM link l WHERE l.seq <> coalesce(l.last_seq, 0) + 1
        UNION ALL
        SELECT 'link_broken', l.chain, l.seq, l.event_id
        FROM link l WHERE l.prev_hash <> coalesce(l.last_hash, sha256('portal-audit-v1'))
        UNION ALL
        SELECT 'hash_wrong', l.chain, l.seq, l.event_id
        FROM link l WHERE l.hash <> sha256(l.prev_hash || l.content_hash || int8send(l.seq))
        UNION ALL
        SELECT 'event_missing', l.chain, l.seq, l.event_id
        FROM link l LEFT JOIN audit.event e ON e.id = l.event_id AND e.chain = l.chain WHERE e.id IS NULL
        UNION ALL
        SELECT 'content_changed', l.chain, l.seq, l.event_id
        FROM link l JOIN audit.event e ON e.id = l.event_id AND e.chain = l.chain
        WHERE l.content_hash <> sha256(convert_to(audit.canonical(e), 'UTF8')) OR l.content_hash <> e.content_hash
        UNION ALL
        SELECT 'event_unsealed', e.chain, NULL, e.id
        FROM audit.event e LEFT JOIN audit.seal s ON s.event_id = e.id
        WHERE s.event_id IS NULL AND e.tx IS DISTINCT FROM pg_current_xact_id_if_assigned()
        UNION ALL
        SELECT 'head_mismatch', coalesce(h.chain, f.chain), coalesce(h.seq, f.seq), NULL
        FROM audit.head h FULL JOIN final f ON f.chain = h.chain
        WHERE (h.seq, h.hash) IS DISTINCT FROM (coalesce(f.seq, 0), coalesce(f.hash, sha256('portal-audit-v1')))
    )
    SELECT fault.problem, fault.chain, fault.seq, fault.event_id
    FROM fault
    ORDER BY fault.chain, fault.seq NULLS LAST, fault.event_id, fault.problem
$$;

RESET ROLE;
