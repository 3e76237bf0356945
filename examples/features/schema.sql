-- The tables of the shop. It had them before it had inga.

CREATE TABLE people (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	email         text NOT NULL UNIQUE CHECK (email = lower(email)),
	verified      boolean NOT NULL DEFAULT false,
	password_hash text NOT NULL DEFAULT '',
	version       bigint NOT NULL DEFAULT 1, -- another number whenever the password or the second factor changes
	banned        boolean NOT NULL DEFAULT false,
	totp_secret   bytea
);

CREATE TABLE people_roles (
	person_id bigint NOT NULL REFERENCES people ON DELETE CASCADE,
	role      text NOT NULL,
	PRIMARY KEY (person_id, role)
);

CREATE TABLE members (
	person_id bigint NOT NULL REFERENCES people ON DELETE CASCADE,
	tenant    text NOT NULL CHECK (tenant !~ '/'),
	role      text NOT NULL,
	PRIMARY KEY (person_id, tenant, role)
);

-- Who a person is at a provider of logins.
CREATE TABLE identities (
	issuer    text NOT NULL,
	subject   text NOT NULL,
	person_id bigint NOT NULL REFERENCES people ON DELETE CASCADE,
	PRIMARY KEY (issuer, subject)
);

-- A cart is a visitor's until its person is known.
CREATE TABLE cart_items (
	cart      text NOT NULL,
	item      text NOT NULL,
	person_id bigint REFERENCES people ON DELETE CASCADE
);

CREATE TABLE audit (
	at      timestamptz NOT NULL,
	type    text NOT NULL,
	subject text NOT NULL,
	actor   text NOT NULL,
	session text NOT NULL,
	reason  text NOT NULL,
	ip      text NOT NULL
);

-- What package postgres asks for, one user at a time and within the statements that it sends anyway.
-- Roles in a tenant are written tenant/role.
CREATE VIEW auth_users AS
	SELECT p.id::text AS id, p.banned AS disabled, p.version,
		ARRAY(SELECT r.role FROM people_roles r WHERE r.person_id = p.id
			UNION ALL SELECT m.tenant || '/' || m.role FROM members m WHERE m.person_id = p.id
			UNION ALL SELECT 'second-factor' WHERE p.totp_secret IS NOT NULL) AS roles
	FROM people p;
CREATE INDEX people_id_text ON people ((id::text));
