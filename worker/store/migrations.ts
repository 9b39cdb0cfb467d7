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
];
