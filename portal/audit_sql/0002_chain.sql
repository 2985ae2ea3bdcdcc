-- How an event becomes bytes, and how a transaction's events join the chain at COMMIT.

SET ROLE portal_audit;

-- a value as netstring: its length in UTF-8 bytes, a colon, the value, a semicolon; NULL is '-;'
CREATE FUNCTION audit.framed(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value IS NULL THEN '-;' ELSE octet_length(convert_to(value, 'UTF8')) || ':' || value || ';' END;

-- the canonical text of an event. Time is UTC with microseconds: no session setting changes a byte of it.
CREATE FUNCTION audit.canonical(e audit.event) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'v1;'
        || audit.framed(e.id::text)
        || audit.framed(e.chain::text)
        || audit.framed(e.tx::text)
        || audit.framed(to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        || audit.framed(e.actor)
        || audit.framed(e.actor_role)
        || audit.framed(e.via)
        || audit.framed(e.request_id)
        || audit.framed(e.client_ip)
        || audit.framed(e.db_user)
        || audit.framed(e.event_type)
        || audit.framed(e.action::text)
        || audit.framed(e.outcome::text)
        || audit.framed(e.entity)
        || audit.framed(e.entity_id)
        || audit.framed(e.organisation)
        || audit.framed(e.patient_ref)
        || audit.framed(e.reason)
        || audit.framed(e.before::text)
        || audit.framed(e.after::text)
$$;

-- what the server knows is stamped by the server, whatever the caller sent
CREATE FUNCTION audit.stamp_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- a chain link read from an old snapshot would fork the chain; better no write than a broken chain
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'audit: writes need READ COMMITTED, not %', upper(current_setting('transaction_isolation'))
            USING ERRCODE = 'PA002';
    END IF;
    NEW.tx := pg_current_xact_id();
    NEW.recorded_at := clock_timestamp();
    NEW.db_user := session_user;
    NEW.content_hash := sha256(convert_to(audit.canonical(NEW), 'UTF8'));
    RETURN NEW;
END
$$;
CREATE TRIGGER stamp BEFORE INSERT ON audit.event
    FOR EACH ROW EXECUTE FUNCTION audit.stamp_event();

-- Round 1 of COMMIT only notes that this transaction has events. It runs among the deferred foreign key checks.
CREATE FUNCTION audit.queue_seal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO audit.pending (tx) VALUES (NEW.tx) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER queue AFTER INSERT ON audit.event
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit.queue_seal();

-- Round 2 starts when every deferred check of round 1 is done: the head's lock is then the last one a transaction
-- takes, so two transactions never wait for each other, and it is held for the commit alone.
CREATE FUNCTION audit.seal_transaction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    e record;
    this_chain int;
    this_seq bigint;
    this_hash bytea;
    next_hash bytea;
BEGIN
    FOR e IN
        SELECT event.id, event.chain, event.content_hash
        FROM audit.event
        WHERE event.tx = NEW.tx
            AND NOT EXISTS (SELECT FROM audit.seal WHERE seal.event_id = event.id)
        ORDER BY event.chain, event.id
    LOOP
        IF this_chain IS DISTINCT FROM e.chain THEN
            IF this_chain IS NOT NULL THEN
                UPDATE audit.head SET seq = this_seq, hash = this_hash WHERE chain = this_chain;
            END IF;
            this_chain := e.chain;
            SELECT head.seq, head.hash INTO STRICT this_seq, this_hash
            FROM audit.head WHERE head.chain = this_chain FOR UPDATE;
        END IF;
        this_seq := this_seq + 1;
        next_hash := sha256(this_hash || e.content_hash || int8send(this_seq));
        INSERT INTO audit.seal (chain, seq, event_id, content_hash, prev_hash, hash)
        VALUES (this_chain, this_seq, e.id, e.content_hash, this_hash, next_hash);
        this_hash := next_hash;
    END LOOP;
    IF this_chain IS NOT NULL THEN
        UPDATE audit.head SET seq = this_seq, hash = this_hash WHERE chain = this_chain;
    END IF;
    DELETE FROM audit.pending WHERE pending.tx = NEW.tx;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER seal AFTER INSERT ON audit.pending
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit.seal_transaction();

-- append only, for everybody: owner and superuser included, until they disable the trigger (which /readyz reports)
CREATE FUNCTION audit.refuse() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'audit: % on %.% is not allowed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- remember that a trigger must be there, ENABLE ALWAYS, and call the function it calls now
CREATE FUNCTION audit.expect_guard(relation regclass, trigger_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, trigger_name);
    INSERT INTO audit.guard (relation, trigger, function)
    SELECT t.tgrelid::regclass::text, t.tgname, t.tgfoid::regprocedure::text
    FROM pg_trigger t
    WHERE t.tgrelid = relation AND t.tgname = trigger_name
    ON CONFLICT ON CONSTRAINT guard_pkey DO UPDATE SET function = excluded.function;
END
$$;

CREATE FUNCTION audit.forget_guard(relation regclass, trigger_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', trigger_name, relation);
    DELETE FROM audit.guard g WHERE g.relation = forget_guard.relation::text AND g.trigger = trigger_name;
END
$$;

-- the guards that are missing, changed, or would not fire for a replica or a restore
CREATE FUNCTION audit.broken_guards() RETURNS TABLE (relation text, trigger text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT g.relation, g.trigger,
        CASE
            WHEN t.oid IS NULL THEN 'missing'
            WHEN t.tgfoid::regprocedure::text <> g.function THEN 'changed'
            ELSE 'not always enabled'
        END
    FROM audit.guard g
    LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass(g.relation) AND t.tgname = g.trigger AND NOT t.tgisinternal
    WHERE t.oid IS NULL OR t.tgenabled <> 'A' OR t.tgfoid::regprocedure::text <> g.function
    ORDER BY g.relation, g.trigger
$$;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['event', 'seal', 'checkpoint'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.%I
            FOR EACH ROW EXECUTE FUNCTION audit.refuse()', t);
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.%I
            FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()', t);
        PERFORM audit.expect_guard(format('audit.%I', t)::regclass, 'append_only');
        PERFORM audit.expect_guard(format('audit.%I', t)::regclass, 'no_truncate');
    END LOOP;
    PERFORM audit.expect_guard('audit.event', 'stamp');
    PERFORM audit.expect_guard('audit.event', 'queue');
    PERFORM audit.expect_guard('audit.pending', 'seal');
END
$$;

RESET ROLE;
