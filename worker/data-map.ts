/**
 * The data map: for every column whose data it is, why we hold it, on what basis, how long, what the export does with it
 * and what erasure does. From the first migration on; a column that is not here fails the tests. Purposes are the
 * sentences of the policy (shared ids, e.g. 02.1).
 */
export interface ColumnEntry {
	/** Whose data: the account's person, an operator of the service, nobody (technical). */
	subject: "person" | "nobody";
	class: "identity" | "contact" | "secret" | "content" | "device" | "technical";
	/** Ids of the policy's sentences. */
	purpose: readonly string[];
	basis: "contract" | "legitimate-interest" | "legal-obligation" | "none-needed";
	/** In words. */
	retention: string;
	/** Name in the archive, or why it is not there. */
	export: string;
	erasure: "delete" | "keep";
}

const WITH_ACCOUNT = "while the account is active";
const person = (
	kind: ColumnEntry["class"],
	purpose: readonly string[],
	exported: string,
	retention: string = WITH_ACCOUNT,
): ColumnEntry => ({
	subject: "person",
	class: kind,
	purpose,
	basis: "contract",
	retention,
	export: exported,
	erasure: "delete",
});
const secret = (purpose: readonly string[], retention: string): ColumnEntry =>
	person("secret", purpose, "not exported: a secret that protects the person", retention);
const link = (purpose: readonly string[], retention: string = WITH_ACCOUNT): ColumnEntry =>
	person("technical", purpose, "as the structure of the archive", retention);
const technical = (retention: string): ColumnEntry => ({
	subject: "nobody",
	class: "technical",
	purpose: ["04.1"],
	basis: "none-needed",
	retention,
	export: "not exported: not about a person",
	erasure: "keep",
});

const SESSION = "until sign-out, 30 days at most";
const LINK = "until 3 days after its end";
const MAIL = "until it is sent; 30 days when it cannot be";
const TEN_MINUTES = "10 minutes, then removed at the next enrolment";
const COMMAND = "30 days after it was given";

/** By table and column. */
export const DATA_MAP: Readonly<Record<string, Readonly<Record<string, ColumnEntry>>>> = {
	accounts: {
		id: link(["02.1"]),
		email: person("contact", ["02.1"], "account.email"),
		email_key: person("contact", ["02.1"], "not exported: the same address in canonical form"),
		full_name: person("identity", ["02.1"], "account.fullName"),
		password_hash: secret(["02.2"], WITH_ACCOUNT),
		state: person("technical", ["04.1"], "account.state"),
		language: person("technical", ["04.3"], "account.language"),
		created_at: person("technical", ["04.1"], "account.createdAt"),
		revision: link(["04.1"]),
		terms_version: person("technical", ["04.6"], "account.terms"),
		agreement_version: person("technical", ["04.6"], "account.agreement"),
		accepted_at: person("technical", ["04.6"], "account.acceptedAt"),
	},
	sessions: {
		jti_hash: secret(["02.7"], SESSION),
		id: link(["02.7"], SESSION),
		account_id: link(["02.7"], SESSION),
		created_at: person("technical", ["02.7"], "sessions.createdAt", SESSION),
		expires_at: person("technical", ["02.7"], "sessions.expiresAt", SESSION),
		label: person("device", ["02.7"], "sessions.label", SESSION),
		last_used_day: person("technical", ["02.7"], "sessions.lastUsedDay", SESSION),
		proved_at: person("technical", ["02.7"], "sessions.provedAt", SESSION),
	},
	links: {
		id: link(["04.3"], LINK),
		token_hash: secret(["04.3"], LINK),
		account_id: link(["04.3"], LINK),
		purpose: person("technical", ["04.3"], "links.purpose", LINK),
		new_email: person("contact", ["04.3"], "links.newEmail", LINK),
		new_email_key: person("contact", ["04.3"], "not exported: the same address in canonical form", LINK),
		asked_at: person("technical", ["04.3"], "links.askedAt", LINK),
		expires_at: person("technical", ["04.3"], "links.expiresAt", LINK),
		used_at: person("technical", ["04.3"], "links.usedAt", LINK),
	},
	passkeys: {
		id: link(["02.12"]),
		account_id: link(["02.12"]),
		credential_id: person("device", ["02.12"], "passkeys.credentialId"),
		public_key: person("device", ["02.12"], "passkeys.publicKey"),
		counter: person("technical", ["02.12"], "passkeys.counter"),
		transports: person("device", ["02.12"], "passkeys.transports"),
		label: person("device", ["02.12"], "passkeys.label"),
		created_at: person("technical", ["02.12"], "passkeys.createdAt"),
		last_used_day: person("technical", ["02.12"], "passkeys.lastUsedDay"),
	},
	used_challenges: {
		hash: technical("5 minutes"),
		expires_at: technical("5 minutes"),
	},
	outbox: {
		id: link(["04.3"], MAIL),
		letter: person("technical", ["04.3"], "mails.letter", MAIL),
		account_id: link(["04.3"], MAIL),
		recipient: person("contact", ["04.3"], "mails.recipient", MAIL),
		recipient_key: person("contact", ["04.3"], "not exported: the same address in canonical form", MAIL),
		language: person("technical", ["04.3"], "mails.language", MAIL),
		state: person("technical", ["04.3"], "mails.state", MAIL),
		attempts: person("technical", ["04.3"], "mails.attempts", MAIL),
		next_at: link(["04.3"], MAIL),
		asked_at: person("technical", ["04.3"], "mails.askedAt", MAIL),
		problem: person("technical", ["04.3"], "mails.problem", MAIL),
	},
	agents: {
		id: link(["02.3"]),
		account_id: link(["02.3"]),
		name: person("device", ["02.3"], "agents.name"),
		sign_key: person("device", ["02.3"], "agents.signKey"),
		seal_key: person("device", ["02.3"], "agents.sealKey"),
		state: person("technical", ["02.3"], "agents.state"),
		created_at: person("technical", ["02.3"], "agents.createdAt"),
		last_seen_day: person("technical", ["02.4"], "agents.lastSeenDay"),
	},
	devices: {
		id: link(["02.3"]),
		account_id: link(["02.3"]),
		agent_id: link(["02.3"]),
		label: person("device", ["02.3"], "devices.label"),
		sign_key: person("device", ["02.3"], "devices.signKey"),
		seal_key: person("device", ["02.3"], "devices.sealKey"),
		created_at: person("technical", ["02.3"], "devices.createdAt"),
		confirmed: person("technical", ["02.3"], "devices.confirmed"),
	},
	enrolments: {
		code_hash: secret(["02.3"], TEN_MINUTES),
		name: person("device", ["02.3"], "not exported: gone within minutes", TEN_MINUTES),
		sign_key: person("device", ["02.3"], "not exported: gone within minutes", TEN_MINUTES),
		seal_key: person("device", ["02.3"], "not exported: gone within minutes", TEN_MINUTES),
		expires_at: link(["02.3"], TEN_MINUTES),
		agent_id: link(["02.3"], TEN_MINUTES),
		device_id: link(["02.3"], TEN_MINUTES),
		mac: secret(["02.3"], TEN_MINUTES),
	},
	cameras: {
		id: link(["02.3"]),
		account_id: link(["02.3"]),
		agent_id: link(["02.3"]),
		name: person("content", ["02.3"], "cameras.name"),
		scheme: person("content", ["02.3"], "cameras.address"),
		host: person("content", ["02.3"], "cameras.address"),
		port: person("content", ["02.3"], "cameras.address"),
		path: person("content", ["02.3"], "cameras.address"),
		sound: person("content", ["02.3"], "cameras.sound"),
		created_at: person("technical", ["02.3"], "cameras.createdAt"),
	},
	commands: {
		id: link(["02.3"], COMMAND),
		account_id: link(["02.3"], COMMAND),
		agent_id: link(["02.3"], COMMAND),
		camera_id: link(["02.3"], COMMAND),
		statement: person("content", ["02.3"], "commands.statement", COMMAND),
		state: person("technical", ["02.3"], "commands.state", COMMAND),
		code: person("technical", ["02.3"], "commands.code", COMMAND),
		detail: person("technical", ["02.3"], "commands.detail", COMMAND),
		created_at: person("technical", ["02.3"], "commands.createdAt", COMMAND),
	},
	revocations: {
		seq: technical("2 hours"),
		ref: technical("2 hours"),
		iat: technical("2 hours"),
	},
	migrations: { name: technical("for ever"), ran_at: technical("for ever") },
};
