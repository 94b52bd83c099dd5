-- One row that the hub writes now and then, only to learn whether the store still takes writes: a full
-- disk answers every question and keeps nothing.
CREATE TABLE store_check (
    one    BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    checks BIGINT NOT NULL
);

INSERT INTO store_check (one, checks) VALUES (1, 0);
