-- Who may do what in schema audit. Nothing is left to PUBLIC; nobody but portal_audit may change or create anything.

SET ROLE portal_audit;

REVOKE ALL ON SCHEMA audit FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA audit FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_audit IN SCHEMA audit REVOKE ALL ON FUNCTIONS FROM PUBLIC;

GRANT USAGE ON SCHEMA audit TO portal_owner, portal_app, portal_auditor;

-- the application: add events (through functions and triggers) and checkpoints, read the trail
GRANT SELECT ON audit.event, audit.seal, audit.head, audit.checkpoint, audit.trail TO portal_app, portal_auditor;
GRANT INSERT (chain, seq, hash, mac, key_id) ON audit.checkpoint TO portal_app;
GRANT EXECUTE ON FUNCTION audit.log(text, "char", int, text, text, text, text, text, jsonb) TO portal_app;
GRANT EXECUTE ON FUNCTION audit.broken_guards() TO portal_app;

-- an auditor: read and prove. canonical() shows which bytes an event's hash is made of.
GRANT EXECUTE ON FUNCTION audit.verify(), audit.framed(text), audit.canonical(audit.event) TO portal_app, portal_auditor;

-- migrations: put triggers on tables, and say which must be there
GRANT EXECUTE ON FUNCTION
    audit.capture(), audit.refuse(), audit.watch(regclass, text, text, text[]), audit.unwatch(regclass),
    audit.check_column(regclass, text), audit.reference_arguments(regclass, text),
    audit.expect_guard(regclass, text), audit.forget_guard(regclass, text)
    TO portal_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON audit.guard TO portal_owner;

RESET ROLE;
