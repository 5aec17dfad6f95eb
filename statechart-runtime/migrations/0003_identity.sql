-- What tells this file from every other: series in a shared cache go by it.
CREATE TABLE identity (id TEXT NOT NULL);
INSERT INTO identity (id) VALUES (lower(hex(randomblob(8))));
