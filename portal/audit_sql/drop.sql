-- Take the audit schema away again: possible only while it holds nothing worth keeping.

SET ROLE portal_audit;
DO $$
BEGIN
    IF EXISTS (SELECT FROM audit.event) THEN
        RAISE EXCEPTION 'The audit trail holds events and is not dropped by a migration.'
            USING HINT = 'Export it first (manage.py audit export), then drop schema audit by hand.';
    END IF;
END
$$;
RESET ROLE;
SET ROLE portal_audit;
DROP SCHEMA audit CASCADE;
RESET ROLE;
