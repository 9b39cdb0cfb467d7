/**
 * Forward only. Each runs in one transaction together with the note that it ran, so a kill leaves it done or not begun.
 * A migration that has landed is never changed.
 */
export const MIGRATIONS: readonly { name: string; statements: readonly string[] }[] = [
	{
		name: "0001-accounts-agents-cameras",
		statements: [
			`CREATE TABLE accounts (
				id TEXT PRIMARY KEY, email TEXT NOT NULL, email_key TEXT NOT NULL UNIQUE, full_name TEXT NOT NULL,
				password_hash TEXT NOT NULL,
				state TEXT NOT NULL CHECK (state IN ('unconfirmed','active','restricted','leaving','erased')),
				language TEXT NOT NULL CHECK (language IN ('en','fr')), created_at INTEGER NOT NULL,
				revision INTEGER NOT NULL DEFAULT 1) STRICT`,
			`CREATE TABLE sessions (
				jti_hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES accounts(id),
				created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT`,
			"CREATE INDEX sessions_account ON sessions(account_id)",
			`CREATE TABLE agents (
				id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id), name TEXT NOT NULL,
				sign_key TEXT NOT NULL, seal_key TEXT NOT NULL,
				state TEXT NOT NULL CHECK (state IN ('claimed','active','refused')),
				created_at INTEGER NOT NULL, last_seen_day TEXT) STRICT`,
			"CREATE INDEX agents_account ON agents(account_id)",
			`CREATE TABLE devices (
				id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id),
				agent_id TEXT NOT NULL REFERENCES agents(id), label TEXT NOT NULL, sign_key TEXT NOT NULL,
				seal_key TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT`,
			"CREATE INDEX devices_agent ON devices(agent_id)",
			`CREATE TABLE enrolments (
				code_hash TEXT PRIMARY KEY, name TEXT NOT NULL, sign_key TEXT NOT NULL, seal_key TEXT NOT NULL,
				expires_at INTEGER NOT NULL, agent_id TEXT, device_id TEXT, mac TEXT) STRICT`,
			`CREATE TABLE cameras (
				id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id),
				agent_id TEXT NOT NULL REFERENCES agents(id), name TEXT NOT NULL,
				scheme TEXT NOT NULL CHECK (scheme IN ('rtsp','rtsps')), host TEXT NOT NULL, port INTEGER NOT NULL,
				path TEXT NOT NULL, sound INTEGER NOT NULL DEFAULT 0 CHECK (sound IN (0,1)),
				created_at INTEGER NOT NULL) STRICT`,
			"CREATE INDEX cameras_account ON cameras(account_id)",
			"CREATE INDEX cameras_agent ON cameras(agent_id)",
			`CREATE TABLE commands (
				id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id),
				agent_id TEXT NOT NULL REFERENCES agents(id), camera_id TEXT NOT NULL, statement TEXT NOT NULL,
				state TEXT NOT NULL CHECK (state IN ('waiting','done','refused')), code TEXT, detail TEXT,
				created_at INTEGER NOT NULL) STRICT`,
			"CREATE INDEX commands_agent ON commands(agent_id, state)",
			`CREATE TABLE revocations (
				seq INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT NOT NULL, iat INTEGER NOT NULL) STRICT`,
		],
	},
	{
		name: "0002-devices-confirmed",
		statements: [
			"ALTER TABLE devices ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0,1))",
			"UPDATE devices SET confirmed = 1 WHERE agent_id IN (SELECT id FROM agents WHERE state = 'active')",
		],
	},
	{
		name: "0003-account-life",
		statements: [
			"ALTER TABLE accounts ADD COLUMN terms_version TEXT",
			"ALTER TABLE accounts ADD COLUMN agreement_version TEXT",
			"ALTER TABLE accounts ADD COLUMN accepted_at INTEGER",
			"ALTER TABLE sessions ADD COLUMN label TEXT NOT NULL DEFAULT ''",
			"ALTER TABLE sessions ADD COLUMN last_used_day TEXT",
			"ALTER TABLE sessions ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0",
			`CREATE TABLE links (
				id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES accounts(id),
				purpose TEXT NOT NULL CHECK (purpose IN ('confirmation','reset','address')),
				new_email TEXT, new_email_key TEXT, asked_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
				used_at INTEGER, UNIQUE (account_id, purpose)) STRICT`,
			`CREATE TABLE passkeys (
				id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id), credential_id TEXT NOT NULL UNIQUE,
				public_key TEXT NOT NULL, counter INTEGER NOT NULL, transports TEXT NOT NULL, label TEXT NOT NULL,
				created_at INTEGER NOT NULL, last_used_day TEXT) STRICT`,
			"CREATE INDEX passkeys_account ON passkeys(account_id)",
			"CREATE TABLE used_challenges (hash TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT",
			`CREATE TABLE outbox (
				id TEXT PRIMARY KEY, letter TEXT NOT NULL, account_id TEXT REFERENCES accounts(id), recipient TEXT NOT NULL,
				recipient_key TEXT NOT NULL, language TEXT NOT NULL CHECK (language IN ('en','fr')),
				state TEXT NOT NULL CHECK (state IN ('waiting','dead')), attempts INTEGER NOT NULL DEFAULT 0,
				next_at INTEGER NOT NULL, asked_at INTEGER NOT NULL, problem TEXT) STRICT`,
			"CREATE INDEX outbox_next ON outbox(state, next_at)",
			"CREATE INDEX outbox_recipient ON outbox(recipient_key)",
		],
	},
	{
		name: "0004-rights",
		statements: [
			"ALTER TABLE accounts ADD COLUMN erase_at INTEGER",
			"ALTER TABLE accounts ADD COLUMN state_before TEXT CHECK (state_before IN ('active','restricted'))",
			"ALTER TABLE accounts ADD COLUMN active_day TEXT",
			"ALTER TABLE accounts ADD COLUMN warned_day TEXT",
			// The purpose "undo" is new, and SQLite changes no CHECK.
			`CREATE TABLE links_anew (
				id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES accounts(id),
				purpose TEXT NOT NULL CHECK (purpose IN ('confirmation','reset','address','undo')),
				new_email TEXT, new_email_key TEXT, asked_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
				used_at INTEGER, UNIQUE (account_id, purpose)) STRICT`,
			"INSERT INTO links_anew SELECT id, token_hash, account_id, purpose, new_email, new_email_key, asked_at, expires_at, used_at FROM links",
			"DROP TABLE links",
			"ALTER TABLE links_anew RENAME TO links",
			`CREATE TABLE stream_events (
				id INTEGER PRIMARY KEY AUTOINCREMENT, account_id TEXT NOT NULL REFERENCES accounts(id),
				camera_id TEXT NOT NULL REFERENCES cameras(id), at INTEGER NOT NULL,
				status TEXT NOT NULL CHECK (status IN ('live','idle','lost','refused'))) STRICT`,
			"CREATE INDEX stream_events_account ON stream_events(account_id, id)",
			"CREATE INDEX stream_events_camera ON stream_events(camera_id)",
			"CREATE INDEX stream_events_at ON stream_events(at)",
			"CREATE INDEX stream_events_account_at ON stream_events(account_id, at)",
			`CREATE TABLE objections (
				id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id),
				purpose TEXT NOT NULL CHECK (purpose IN ('reliability')), created_at INTEGER NOT NULL,
				UNIQUE (account_id, purpose)) STRICT`,
			`CREATE TABLE directives (
				account_id TEXT PRIMARY KEY REFERENCES accounts(id), words TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT`,
			`CREATE TABLE requests (
				number TEXT PRIMARY KEY, account_id TEXT REFERENCES accounts(id), requester TEXT,
				kind TEXT NOT NULL CHECK (kind IN ('access','rectification','erasure','portability','objection','restriction','directives','other')),
				channel TEXT NOT NULL CHECK (channel IN ('self','mail')), received_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
				reminded_at INTEGER, extended_at INTEGER, extension TEXT, closed_at INTEGER,
				outcome TEXT CHECK (outcome IN ('done','refused','withdrawn')), evidence TEXT) STRICT`,
			"CREATE INDEX requests_account ON requests(account_id, number)",
			"CREATE INDEX requests_open ON requests(closed_at, due_at)",
			"CREATE TABLE erasures (account_hash TEXT PRIMARY KEY, erased_at INTEGER NOT NULL, receipt TEXT NOT NULL) STRICT",
			"CREATE TABLE receipts (number TEXT PRIMARY KEY, made_at INTEGER NOT NULL, document TEXT NOT NULL, signature TEXT NOT NULL) STRICT",
			`CREATE TABLE page_counts (
				day TEXT NOT NULL, path TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (day, path)) STRICT`,
			`CREATE TABLE download_counts (
				day TEXT NOT NULL, os TEXT NOT NULL CHECK (os IN ('linux','macos','windows')),
				file_type TEXT NOT NULL CHECK (file_type IN ('deb','tar.gz','zip')), count INTEGER NOT NULL,
				PRIMARY KEY (day, os, file_type)) STRICT`,
		],
	},
	{
		// What a person asks to see, and what is erased, is found without looking at everybody's rows.
		name: "0005-own-rows",
		statements: [
			"CREATE INDEX commands_account ON commands(account_id, id)",
			"CREATE INDEX devices_account ON devices(account_id, id)",
			"CREATE INDEX outbox_account ON outbox(account_id)",
			"CREATE INDEX requests_requester ON requests(requester)",
			"CREATE INDEX links_new_email ON links(new_email_key)",
			"CREATE INDEX enrolments_agent ON enrolments(agent_id)",
		],
	},
];
