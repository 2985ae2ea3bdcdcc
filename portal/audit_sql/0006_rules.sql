-- Rules of domain tables that hold in SQL too; portal.triggers puts them on tables. Each refusal is an integrity error
-- that carries the rule's name as its constraint, so that Python can tell one rule from another.

-- arguments: name of the rule, what to do instead
CREATE FUNCTION portal_refuse_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '%: % on % is not allowed', TG_ARGV[0], TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME, HINT = TG_ARGV[1];
END
$$;

-- arguments: name of the rule, column, then 'from>to' for every step allowed; '>to' is a value to start with
CREATE FUNCTION portal_check_transition() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was text := CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ->> TG_ARGV[1] ELSE '' END;
    will_be text := to_jsonb(NEW) ->> TG_ARGV[1];
    i int;
BEGIN
    IF was = will_be THEN
        RETURN NEW;
    END IF;
    FOR i IN 2 .. TG_NARGS - 1 LOOP
        IF TG_ARGV[i] = was || '>' || will_be THEN
            RETURN NEW;
        END IF;
    END LOOP;
    RAISE EXCEPTION '%: "%" to "%" is not allowed', TG_ARGV[0], was, will_be
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[1];
END
$$;

-- arguments: name of the rule, then the columns that keep their first value
CREATE FUNCTION portal_check_immutable() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    will_be jsonb := to_jsonb(NEW);
    i int;
BEGIN
    FOR i IN 1 .. TG_NARGS - 1 LOOP
        IF (was -> TG_ARGV[i]) IS DISTINCT FROM (will_be -> TG_ARGV[i]) THEN
            RAISE EXCEPTION '%: column % of % does not change', TG_ARGV[0], TG_ARGV[i], TG_TABLE_NAME
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[i];
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;

-- arguments: name of the rule, foreign key, parent table, column of the parent, then the values that freeze its children
CREATE FUNCTION portal_check_frozen() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- the parent stays as read until this transaction ends: nothing slips in while it is being frozen
    lookup text := format(
        'SELECT parent.%I::text FROM %s AS parent WHERE parent.id = ($1).%I FOR SHARE', TG_ARGV[3], TG_ARGV[2], TG_ARGV[1]
    );
    state text;
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        EXECUTE lookup INTO state USING OLD;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') AND coalesce(state <> ALL (TG_ARGV[4:]), true) THEN
        EXECUTE lookup INTO state USING NEW;
    END IF;
    IF state = ANY (TG_ARGV[4:]) THEN
        RAISE EXCEPTION '%: % on % is not allowed, its version is %', TG_ARGV[0], TG_OP, TG_TABLE_NAME, state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

REVOKE ALL ON FUNCTION
    portal_refuse_change(), portal_check_transition(), portal_check_immutable(), portal_check_frozen() FROM PUBLIC;
