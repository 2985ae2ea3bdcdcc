-- What is recorded: changed rows by trigger, everything else through audit.log(). The actor always comes from the
-- session (portal.actor and its companions, set by portal.audit), never from an argument.

SET ROLE portal_audit;

-- the actor of this session, or a refusal: what the application writes without saying who writes is not written
CREATE FUNCTION audit.actor(what text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who text := nullif(current_setting('portal.actor', true), '');
BEGIN
    IF who IS NULL THEN
        IF session_user = 'portal_app' THEN
            RAISE EXCEPTION 'audit: no actor set for %', what USING ERRCODE = 'PA001';
        END IF;
        who := 'db:' || session_user;  -- someone at a psql prompt, or a migration
    END IF;
    RETURN who;
END
$$;

-- Row trigger of every watched table. Arguments: three for the organisation and three for the patient (column,
-- parent table or '', column of the parent or ''), then the secret columns.
CREATE FUNCTION audit.capture() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'  -- the times inside before and after
AS $$
DECLARE
    who text := audit.actor(TG_TABLE_NAME);
    was jsonb;
    now_is jsonb;
    whole jsonb := '{}';
    refs text[] := '{NULL, NULL}';
    ref text;
    lookup text;
    secret text;
    i int;
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        was := to_jsonb(OLD);
        whole := was;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        now_is := to_jsonb(NEW);
        whole := now_is;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(k, was -> k), jsonb_object_agg(k, now_is -> k) INTO was, now_is
        FROM jsonb_object_keys(whole) AS k
        WHERE (now_is -> k) IS DISTINCT FROM (was -> k);
        IF now_is IS NULL THEN
            RETURN NULL;  -- nothing changed
        END IF;
    END IF;

    -- a secret leaves the fact of its change, never its value; a hash would give a weak one away too
    FOR i IN 6 .. TG_NARGS - 1 LOOP
        secret := TG_ARGV[i];
        IF jsonb_typeof(was -> secret) <> 'null' THEN
            was := jsonb_set(was, ARRAY[secret], '"[redacted]"');
        END IF;
        IF jsonb_typeof(now_is -> secret) <> 'null' THEN
            now_is := jsonb_set(
                now_is, ARRAY[secret], CASE TG_OP WHEN 'UPDATE' THEN '"[changed]"' ELSE '"[redacted]"' END::jsonb
            );
        END IF;
    END LOOP;

    IF TG_LEVEL = 'ROW' THEN
        FOR i IN 0 .. 1 LOOP
            IF TG_ARGV[i * 3 + 1] = '' THEN
                refs[i + 1] := whole ->> TG_ARGV[i * 3];
            ELSE
                lookup := format(
                    'SELECT parent.%I::text FROM %s AS parent WHERE parent.id = ($1).%I',
                    TG_ARGV[i * 3 + 2], TG_ARGV[i * 3 + 1], TG_ARGV[i * 3]
                );
                IF TG_OP = 'DELETE' THEN
                    EXECUTE lookup INTO ref USING OLD;
                ELSE
                    EXECUTE lookup INTO ref USING NEW;
                END IF;
                refs[i + 1] := ref;
            END IF;
        END LOOP;
    END IF;

    INSERT INTO audit.event (
        tx, recorded_at, actor, actor_role, via, request_id, client_ip, db_user, event_type, action,
        entity, entity_id, organisation, patient_ref, reason, before, after, content_hash
    ) VALUES (
        '0'::xid8, clock_timestamp(), who,
        nullif(current_setting('portal.role', true), ''), nullif(current_setting('portal.via', true), ''),
        nullif(current_setting('portal.request_id', true), ''), nullif(current_setting('portal.ip', true), ''),
        '', 'row.' || lower(TG_OP),
        (CASE TG_OP WHEN 'INSERT' THEN 'C' WHEN 'UPDATE' THEN 'U' ELSE 'D' END)::"char",
        TG_TABLE_NAME, whole ->> 'id', refs[1], refs[2],
        nullif(current_setting('portal.reason', true), ''), was, now_is, ''
    );
    RETURN NULL;
END
$$;

-- Events that change no row. Its arguments say what happened; who, through what and from where is the session's. What
-- only the triggers can know, it does not take.
CREATE FUNCTION audit.log(
    event_type text, action "char", outcome int, entity text, entity_id text,
    organisation text, patient_ref text, reason text, detail jsonb
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_id bigint;
BEGIN
    IF log.event_type LIKE 'row.%' THEN
        RAISE EXCEPTION 'audit: % is recorded by triggers alone', log.event_type
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO audit.event (
        tx, recorded_at, actor, actor_role, via, request_id, client_ip, db_user, event_type, action, outcome,
        entity, entity_id, organisation, patient_ref, reason, after, content_hash
    ) VALUES (
        '0'::xid8, clock_timestamp(), audit.actor(log.event_type),
        nullif(current_setting('portal.role', true), ''), nullif(current_setting('portal.via', true), ''),
        nullif(current_setting('portal.request_id', true), ''), nullif(current_setting('portal.ip', true), ''),
        '', log.event_type, log.action, log.outcome,
        nullif(log.entity, ''), nullif(log.entity_id, ''), nullif(log.organisation, ''), nullif(log.patient_ref, ''),
        coalesce(nullif(log.reason, ''), nullif(current_setting('portal.reason', true), '')), log.detail, ''
    ) RETURNING id INTO new_id;
    RETURN new_id;
END
$$;

-- Refuses a column that the table does not have.
CREATE FUNCTION audit.check_column(relation regclass, column_name text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM pg_attribute WHERE attrelid = relation AND attname = column_name AND attnum > 0 AND NOT attisdropped;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'audit.watch: % has no column %', relation, column_name USING ERRCODE = 'undefined_column';
    END IF;
END
$$;

-- Three trigger arguments from 'column' or 'column->parent_table.column'. Lets audit.capture() read the parent.
CREATE FUNCTION audit.reference_arguments(relation regclass, reference text) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
    parts text[] := regexp_match(reference, '^(\w+)(?:->([\w.]+)\.(\w+))?$');
    parent regclass;
BEGIN
    IF parts IS NULL THEN
        RAISE EXCEPTION 'audit.watch: % is neither a column nor column->parent.column', reference;
    END IF;
    PERFORM audit.check_column(relation, parts[1]);
    IF parts[2] IS NULL THEN
        RETURN ARRAY[parts[1], '', ''];
    END IF;
    parent := parts[2]::regclass;
    PERFORM audit.check_column(parent, parts[3]);
    EXECUTE format('GRANT SELECT (id, %I) ON %s TO portal_audit', parts[3], parent);
    RETURN ARRAY[
        parts[1],
        (SELECT format('%I.%I', n.nspname, c.relname)
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent),
        parts[3]
    ];
END
$$;

-- Record every change of a table from now on; run by the table's owner, in the migration that makes the table. Where
-- no organisation or patient is named, it is what a column organisation_id or patient_id holds, if there is one.
CREATE FUNCTION audit.watch(
    relation regclass,
    organisation text DEFAULT NULL,
    patient text DEFAULT NULL,
    secrets text[] DEFAULT '{}'
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    arguments text[] := '{organisation_id, "", "", patient_id, "", ""}';
    secret text;
BEGIN
    IF organisation IS NOT NULL THEN
        arguments := audit.reference_arguments(relation, organisation) || arguments[4:6];
    END IF;
    IF patient IS NOT NULL THEN
        arguments := arguments[1:3] || audit.reference_arguments(relation, patient);
    END IF;
    FOREACH secret IN ARRAY secrets LOOP
        PERFORM audit.check_column(relation, secret);
        arguments := arguments || secret;
    END LOOP;
    EXECUTE format(
        'CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION audit.capture(%s)',
        relation,
        (SELECT string_agg(quote_literal(argument), ', ' ORDER BY place)
         FROM unnest(arguments) WITH ORDINALITY AS a (argument, place))
    );
    EXECUTE format(
        'CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION audit.capture()',
        relation
    );
    PERFORM audit.expect_guard(relation, 'zz_audit');
    PERFORM audit.expect_guard(relation, 'zz_audit_truncate');
END
$$;

CREATE FUNCTION audit.unwatch(relation regclass) RETURNS void
LANGUAGE sql
AS $$
    SELECT audit.forget_guard(relation, 'zz_audit'), audit.forget_guard(relation, 'zz_audit_truncate')
$$;

RESET ROLE;
