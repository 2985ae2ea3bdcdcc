-- The rules of the workflow that hold whoever writes: the desk, a script or SQL. Each refusal is an integrity error that
-- carries the rule's name as its constraint.

-- who acts, as the audit trail names it, without the login: "user:7", "system:load_pack"
CREATE FUNCTION guidelines_actor() RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who text := coalesce(nullif(current_setting('portal.actor', true), ''), 'db:' || session_user);
BEGIN
    RETURN coalesce(substring(who FROM '^user:[0-9]+'), who);
END
$$;

-- Note who changes a version. One that was submitted becomes a draft again: what was approved is not what it says now.
-- Returns whether it did.
CREATE FUNCTION guidelines_note_change(version_key bigint, state text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who text := public.guidelines_actor();
BEGIN
    PERFORM 1 FROM public.guidelines_contributor c WHERE c.version_id = version_key AND c.actor = who;
    IF NOT FOUND THEN
        INSERT INTO public.guidelines_contributor (version_id, actor, at) VALUES (version_key, who, clock_timestamp())
        ON CONFLICT DO NOTHING;
    END IF;
    IF state = 'draft' THEN
        RETURN false;
    END IF;
    INSERT INTO public.guidelines_reviewstep
        (version_id, action, before, after, submission, actor, comment, acknowledged)
    VALUES (version_key, 'edit', state, 'draft', 0, '', '', '[]');
    RETURN true;
END
$$;

-- arguments: name of the rule, column that names the version or the parent row, table of the parent row or ''
CREATE FUNCTION guidelines_guard_row() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owners bigint[];
    versions bigint[];
    version_key bigint;
    state text;
    locked text;
BEGIN
    IF TG_OP <> 'INSERT' THEN owners := owners || (to_jsonb(OLD) ->> TG_ARGV[1])::bigint; END IF;
    IF TG_OP <> 'DELETE' THEN owners := owners || (to_jsonb(NEW) ->> TG_ARGV[1])::bigint; END IF;
    IF TG_ARGV[2] = '' THEN
        versions := owners;
    ELSE
        EXECUTE format('SELECT array_agg(p.version_id) FROM public.%I p WHERE p.id = ANY ($1)', TG_ARGV[2])
            INTO versions USING owners;
    END IF;
    FOR version_key IN SELECT DISTINCT unnest(versions) ORDER BY 1 LOOP
        -- the lock keeps a submission or publication from overtaking the change of a row
        SELECT v.state INTO state FROM public.guidelines_scenarioversion v WHERE v.id = version_key;
        IF state = 'draft' THEN
            SELECT v.state INTO locked FROM public.guidelines_scenarioversion v WHERE v.id = version_key FOR SHARE;
        ELSE
            SELECT v.state INTO locked FROM public.guidelines_scenarioversion v WHERE v.id = version_key FOR UPDATE;
        END IF;
        IF locked IN ('published', 'superseded', 'withdrawn') THEN
            RAISE EXCEPTION 'Released content stays as it is; copy the version to a new draft to change it.'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
        END IF;
        CONTINUE WHEN TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD;  -- saved as it was
        IF locked IS NOT NULL AND public.guidelines_note_change(version_key, locked) THEN
            UPDATE public.guidelines_scenarioversion SET state = 'draft', publish_at = NULL WHERE id = version_key;
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

-- argument: name of the rule. A version moves only by a step of its history, and a move changes no content.
CREATE OR REPLACE FUNCTION guidelines_freeze_version() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expected public.guidelines_scenarioversion;
    step public.guidelines_reviewstep;
    moved boolean;
    written boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.submission <> 0 THEN  -- whatever is published was a draft before
            RAISE EXCEPTION 'A version begins as a draft.'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.state IN ('superseded', 'withdrawn') THEN
        RAISE EXCEPTION 'Released content stays as it is; copy the version to a new draft to change it.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
    END IF;
    moved := NEW.state <> OLD.state;
    expected := OLD;
    expected.state := NEW.state;
    IF OLD.state <> 'published' THEN
        expected.publish_at := NEW.publish_at;
        expected.submission := NEW.submission;
        expected.snapshot := NEW.snapshot;
        expected.digest := NEW.digest;
        expected.published_at := NEW.published_at;
        expected.published_by_id := NEW.published_by_id;
    END IF;
    written := NEW IS DISTINCT FROM expected;
    IF OLD.state = 'published' AND (written OR NOT moved) AND NEW IS DISTINCT FROM OLD
        OR NEW.scenario_id <> OLD.scenario_id OR NEW.number <> OLD.number OR (moved AND written)
    THEN
        RAISE EXCEPTION 'Released content stays as it is; copy the version to a new draft to change it.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
    END IF;
    IF NOT moved THEN
        IF NEW.submission <> OLD.submission OR NEW.snapshot <> OLD.snapshot OR NEW.digest <> OLD.digest
            OR NEW.publish_at IS DISTINCT FROM OLD.publish_at OR NEW.published_at IS DISTINCT FROM OLD.published_at
            OR NEW.published_by_id IS DISTINCT FROM OLD.published_by_id
        THEN
            RAISE EXCEPTION 'Only a move of the workflow changes this.'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
        END IF;
        IF written AND public.guidelines_note_change(OLD.id, OLD.state) THEN
            NEW.state := 'draft';
            NEW.publish_at := NULL;
        END IF;
        RETURN NEW;
    END IF;
    -- the step says who moved it, and was checked when it was written
    SELECT * INTO step FROM public.guidelines_reviewstep s WHERE s.version_id = OLD.id ORDER BY s.id DESC LIMIT 1;
    IF step.before IS DISTINCT FROM OLD.state OR step.after IS DISTINCT FROM NEW.state
        OR step.submission IS DISTINCT FROM NEW.submission OR step.publish_at IS DISTINCT FROM NEW.publish_at
    THEN
        RAISE EXCEPTION '"%" to "%" is not allowed without a step that says who and why', OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'guidelines_version_moves_by_steps',
            TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION guidelines_note_author() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM public.guidelines_note_change(NEW.id, 'draft');
    RETURN NULL;
END
$$;

-- arguments: name of the rule, then 'action:from>to' for every step allowed; '!' before it asks for four eyes
CREATE FUNCTION guidelines_check_step() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    version public.guidelines_scenarioversion;
    step text := NEW.action || ':' || NEW.before || '>' || NEW.after;
BEGIN
    SELECT * INTO version FROM public.guidelines_scenarioversion v WHERE v.id = NEW.version_id FOR UPDATE;
    -- who and when are the session's, never the caller's
    NEW.actor := public.guidelines_actor();
    NEW.at := clock_timestamp();
    IF NEW.actor LIKE 'user:%' THEN
        NEW.by_id := substring(NEW.actor FROM 6)::bigint;
    END IF;
    NEW.submission := version.submission + CASE NEW.action WHEN 'submit' THEN 1 ELSE 0 END;
    IF NEW.action <> 'schedule' THEN NEW.publish_at := NULL; END IF;
    IF NEW.before IS DISTINCT FROM version.state OR NOT (step = ANY (TG_ARGV[1:]) OR '!' || step = ANY (TG_ARGV[1:])) THEN
        RAISE EXCEPTION 'A version that is "%" does not move from "%" to "%" by "%"',
            version.state, NEW.before, NEW.after, NEW.action
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
    END IF;
    IF '!' || step = ANY (TG_ARGV[1:]) THEN
        PERFORM 1 FROM public.guidelines_contributor c
        WHERE c.version_id = NEW.version_id AND c.actor IN (NEW.actor, 'user:' || NEW.by_id);
        IF FOUND THEN
            RAISE EXCEPTION 'Whoever changed a version neither approves nor publishes it.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'guidelines_reviewstep_four_eyes',
                TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    RETURN NEW;
END
$$;

REVOKE ALL ON FUNCTION guidelines_guard_row(), guidelines_note_author(), guidelines_check_step() FROM PUBLIC;
