-- People, and the ways they sign in. Secrets are kept as SHA-256 only; they are long and random.

-- An owner or an operator. A lost role is a time, never a deleted row: the record names people by id.
CREATE TABLE person (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    role       TEXT   NOT NULL,              -- owner, operator
    badge      TEXT,                         -- operators: the stable number that owners are shown
    agency     TEXT,                         -- operators: whose operator
    made_at    BIGINT NOT NULL,
    revoked_at BIGINT
);

-- Which premises an owner answers for. Premises are the registry's; only the ids are kept here.
CREATE TABLE person_premises (
    person   TEXT NOT NULL REFERENCES person (id),
    premises TEXT NOT NULL,
    PRIMARY KEY (person, premises)
);

-- One-time sign-in links.
CREATE TABLE sign_in_link (
    hash       BYTEA  NOT NULL PRIMARY KEY,
    person     TEXT   NOT NULL REFERENCES person (id),
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- Signed-in browsers and phones. Read once at start; admitting works from memory.
CREATE TABLE session (
    id         TEXT   NOT NULL PRIMARY KEY,
    hash       BYTEA  NOT NULL UNIQUE,
    person     TEXT   NOT NULL REFERENCES person (id),
    made_at    BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,              -- written now and then, not at each call
    ended_at   BIGINT
);

-- Passkeys, as webauthn-rs writes them: public keys and counters.
CREATE TABLE passkey (
    credential BYTEA  NOT NULL PRIMARY KEY,
    person     TEXT   NOT NULL REFERENCES person (id),
    host       TEXT   NOT NULL,              -- the relying-party id it was made for
    label      TEXT   NOT NULL,
    passkey    TEXT   NOT NULL,              -- JSON
    made_at    BIGINT NOT NULL,
    used_at    BIGINT
);
