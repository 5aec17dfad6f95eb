-- What tells this store from every other: series in a shared cache go by it.
CREATE TABLE identity (id text NOT NULL);
INSERT INTO identity (id) VALUES (substr(replace(gen_random_uuid()::text, '-', ''), 1, 16));
