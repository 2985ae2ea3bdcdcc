-- The audit trail's tables. Everything in schema audit belongs to portal_audit, a role nobody signs in as:
-- the application can add to the trail through functions, and can neither rewrite nor switch it off.
--
-- Applied by portal_owner in a migration. Frozen once released: a change is a new file and a new migration.

CREATE SCHEMA IF NOT EXISTS audit AUTHORIZATION portal_audit;
SET ROLE portal_audit;

-- one row per changed row, and one per event that changes none (a view, a sign-in, an export, a denial)
CREATE TABLE audit.event (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain        int         NOT NULL DEFAULT 0,
    tx           xid8        NOT NULL,
    recorded_at  timestamptz NOT NULL,
    actor        text        NOT NULL CHECK (actor <> ''),
    actor_role   text,
    via          text,
    request_id   text,
    client_ip    text,
    db_user      text        NOT NULL,
    event_type   text        NOT NULL CHECK (event_type <> ''),  -- 'row.update', 'order.signed', 'auth.signed-in'
    action       "char"      NOT NULL CHECK (action IN ('C', 'R', 'U', 'D', 'E')),         -- FHIR AuditEvent.action
    outcome      smallint    NOT NULL DEFAULT 0 CHECK (outcome IN (0, 4, 8, 12)),          -- FHIR AuditEvent.outcome
    entity       text,
    entity_id    text,
    organisation text,
    patient_ref  text,
    reason       text,
    before       jsonb,       -- changed columns only
    after        jsonb,       -- changed columns, or the detail of an event
    content_hash bytea       NOT NULL
);
CREATE INDEX event_tx           ON audit.event (tx);
CREATE INDEX event_entity       ON audit.event (entity, entity_id, id);
CREATE INDEX event_actor        ON audit.event (actor, recorded_at);
CREATE INDEX event_patient      ON audit.event (patient_ref, recorded_at) WHERE patient_ref IS NOT NULL;
CREATE INDEX event_organisation ON audit.event (organisation, id);

-- the chain: its order is the order of commits, without gaps. Ids become visible out of order; readers follow seq.
CREATE TABLE audit.seal (
    chain        int    NOT NULL,
    seq          bigint NOT NULL,
    event_id     bigint NOT NULL UNIQUE,
    content_hash bytea  NOT NULL,
    prev_hash    bytea  NOT NULL,
    hash         bytea  NOT NULL,
    PRIMARY KEY (chain, seq),
    UNIQUE (chain, prev_hash)  -- two events cannot follow the same one: no forks
);

-- the end of each chain; its row lock puts committing transactions in line
CREATE TABLE audit.head (
    chain int    PRIMARY KEY,
    seq   bigint NOT NULL,
    hash  bytea  NOT NULL
) WITH (fillfactor = 50);
INSERT INTO audit.head (chain, seq, hash) VALUES (0, 0, sha256('portal-audit-v1'));

-- transactions with events to seal; a row lives only inside its own transaction, so losing the table loses nothing
CREATE UNLOGGED TABLE audit.pending (tx xid8 PRIMARY KEY);

-- the chain's end, signed with a key the database does not know
CREATE TABLE audit.checkpoint (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    chain  int         NOT NULL,
    seq    bigint      NOT NULL,
    hash   bytea       NOT NULL,
    mac    text        NOT NULL,
    key_id text        NOT NULL
);

-- every trigger that must exist and be ENABLE ALWAYS; /readyz compares it with pg_trigger
CREATE TABLE audit.guard (
    relation text NOT NULL,
    trigger  text NOT NULL,
    function text NOT NULL,
    PRIMARY KEY (relation, trigger)
);

RESET ROLE;
