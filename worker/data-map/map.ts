import type { CategoryName } from "./categories.ts";
import type { Words } from "./words.ts";

/**
 * The data map: for every column of every table whose data it is, which kind (categories.ts says why we hold it, on what
 * basis and how long), what stands of it in a person's copy, and what erasure does. Export and erasure are run from it; a
 * column that is not here fails the tests.
 */
export interface Column {
	class: "identity" | "contact" | "secret" | "content" | "device" | "technical";
	/** `undefined` where it is about nobody. */
	category: CategoryName | undefined;
	/** Its name in the archive, and how its value is written there; or why it does not stand there. */
	export: { as: string; value: Value } | { not: Words };
	/** The route by which its person corrects it (art. 16), where they or their browser wrote it. */
	correct?: string;
}
/** `time`: ms since 1970, written in UTC with `Z`; `flag`: 0 or 1, written as a boolean; `list`: JSON text, written as JSON. */
type Kind = "text" | "number" | "time" | "flag" | "list";
/** With `?` where the column may be empty. */
export type Value = Kind | `${Kind}?`;

export interface Table {
	/** What its rows are, in words: of receipts, of what is shown to a person. `undefined`: nobody's. */
	rows?: Words;
	/** How a person's rows are found: by any of these. */
	owners?: readonly Owner[];
	/** Column of others' rows in which the person's address may stand: erased with the account, no part of the copy. */
	mentions?: string;
	/** Unique, and never changed: pages of the export go by it. */
	key: string;
	/** Name of its file in the archive, without an ending. */
	file?: string;
	/** A person has exactly one row: an object in the archive, not a list. */
	one?: true;
	columns: Readonly<Record<string, Column>>;
	/**
	 * What erasing an account does with its rows: they go; they stay without what stands in `forget`, for as long as the law
	 * wants them; `nobody`: they are no person's.
	 */
	erasure: "delete" | "nobody" | { forget: readonly string[]; law: Words };
}
/** A column, and what it holds: the account's id; its address, where no account is named; the key of a row of the person's. */
export type Owner =
	| { column: string; is: "id" }
	| { column: string; is: "email_key"; unless: string }
	| { column: string; in: string };

/** Written by its person, who corrects it at `route`. */
const by = (route: string, entry: Column): Column => ({ ...entry, correct: route });
const column =
	(kind: Column["class"]) =>
	(category: CategoryName, as: string, value: Value = "text"): Column => ({
		class: kind,
		category,
		export: { as, value },
	});
const identity = column("identity");
const contact = column("contact");
const content = column("content");
const device = column("device");
const technical = column("technical");
const not =
	(kind: Column["class"], en: string, fr: string) =>
	(category: CategoryName): Column => ({ class: kind, category, export: { not: { en, fr } } });
const secret = not(
	"secret",
	"a secret that protects you: who has your copy must not get into your account",
	"un secret qui vous protège : qui a votre copie ne doit pas entrer dans votre compte",
);
const sealed = not(
	"secret",
	"signed and sealed for your agent: we cannot read what is secret in it; what it changed stands with the camera",
	"signé et scellé pour votre agent : nous ne pouvons pas lire ce qu’il contient de secret ; ce qu’il a changé figure avec la caméra",
);
const canonical = not("contact", "the same address in canonical form", "la même adresse sous forme canonique");
const owned = not(
	"technical",
	"the number of your account, the same in every row",
	"le numéro de votre compte, le même dans chaque ligne",
);
const counted = not("technical", "a counter of the program's own", "un compteur propre au programme");
const brief = not("device", "gone within minutes", "disparaît en quelques minutes");
const anonymous = not(
	"technical",
	"about nobody who could be found again",
	"ne concerne personne qu’on puisse retrouver",
);
const nobodys: Column = {
	class: "technical",
	category: undefined,
	export: { not: { en: "about nobody", fr: "ne concerne personne" } },
};

/** By table, children before their parents: in this order rows can be deleted. */
export const DATA_MAP = {
	stream_events: {
		rows: { en: "states of streams", fr: "états des flux" },
		owners: [{ column: "account_id", is: "id" }],
		key: "id",
		file: "streams",
		erasure: "delete",
		columns: {
			id: technical("reliability", "id", "number"),
			account_id: owned("reliability"),
			camera_id: technical("reliability", "cameraId"),
			at: technical("reliability", "at", "time"),
			status: technical("reliability", "status"),
		},
	},
	objections: {
		rows: { en: "objections", fr: "oppositions" },
		owners: [{ column: "account_id", is: "id" }],
		key: "id",
		file: "objections",
		erasure: "delete",
		columns: {
			id: technical("rights", "id"),
			account_id: owned("rights"),
			purpose: technical("rights", "purpose"),
			created_at: technical("rights", "createdAt", "time"),
		},
	},
	directives: {
		rows: { en: "directives for after death", fr: "directives pour après la mort" },
		owners: [{ column: "account_id", is: "id" }],
		key: "account_id",
		file: "directives",
		erasure: "delete",
		columns: {
			account_id: owned("rights"),
			words: by("POST /directives", content("rights", "words")),
			created_at: technical("rights", "createdAt", "time"),
		},
	},
	requests: {
		rows: { en: "requests", fr: "demandes" },
		owners: [
			{ column: "account_id", is: "id" },
			{ column: "requester", is: "email_key", unless: "account_id" },
		],
		key: "number",
		file: "requests",
		erasure: {
			forget: ["account_id", "requester", "extension", "evidence"],
			law: {
				en: "proof that a request was answered in time (art. 5(2) and 12(3) GDPR), without your name",
				fr: "preuve qu’il a été répondu à temps à une demande (art. 5(2) et 12(3) du RGPD), sans votre nom",
			},
		},
		columns: {
			number: technical("rights", "number"),
			account_id: owned("rights"),
			requester: contact("rights", "requester", "text?"),
			kind: technical("rights", "kind"),
			channel: technical("rights", "channel"),
			received_at: technical("rights", "receivedAt", "time"),
			due_at: technical("rights", "dueAt", "time"),
			reminded_at: technical("rights", "remindedAt", "time?"),
			extended_at: technical("rights", "extendedAt", "time?"),
			extension: technical("rights", "extension", "text?"),
			closed_at: technical("rights", "closedAt", "time?"),
			outcome: technical("rights", "outcome", "text?"),
			evidence: technical("rights", "evidence", "text?"),
		},
	},
	sessions: {
		rows: { en: "sessions", fr: "sessions" },
		owners: [{ column: "account_id", is: "id" }],
		key: "id",
		file: "sessions",
		erasure: "delete",
		columns: {
			jti_hash: secret("sessions"),
			id: technical("sessions", "id"),
			account_id: owned("sessions"),
			created_at: technical("sessions", "createdAt", "time"),
			expires_at: technical("sessions", "expiresAt", "time"),
			label: by("PATCH /sessions/:id", device("sessions", "label")),
			last_used_day: technical("sessions", "lastUsedDay", "text?"),
			proved_at: technical("sessions", "provedAt", "time"),
		},
	},
	links: {
		rows: { en: "single-use links", fr: "liens à usage unique" },
		owners: [{ column: "account_id", is: "id" }],
		mentions: "new_email_key",
		key: "id",
		file: "links",
		erasure: "delete",
		columns: {
			id: technical("mails", "id"),
			token_hash: secret("mails"),
			account_id: owned("mails"),
			purpose: technical("mails", "purpose"),
			new_email: contact("mails", "newEmail", "text?"),
			new_email_key: canonical("mails"),
			asked_at: technical("mails", "askedAt", "time"),
			expires_at: technical("mails", "expiresAt", "time"),
			used_at: technical("mails", "usedAt", "time?"),
		},
	},
	passkeys: {
		rows: { en: "passkeys", fr: "clés d’accès" },
		owners: [{ column: "account_id", is: "id" }],
		key: "id",
		file: "passkeys",
		erasure: "delete",
		columns: {
			id: technical("passkeys", "id"),
			account_id: owned("passkeys"),
			credential_id: device("passkeys", "credentialId"),
			public_key: device("passkeys", "publicKey"),
			counter: technical("passkeys", "counter", "number"),
			transports: device("passkeys", "transports", "list"),
			label: by("PATCH /passkeys/:id", device("passkeys", "label")),
			created_at: technical("passkeys", "createdAt", "time"),
			last_used_day: technical("passkeys", "lastUsedDay", "text?"),
		},
	},
	outbox: {
		rows: { en: "mails on their way", fr: "messages en attente" },
		owners: [
			{ column: "account_id", is: "id" },
			{ column: "recipient_key", is: "email_key", unless: "account_id" },
		],
		mentions: "recipient_key",
		key: "id",
		file: "mails",
		erasure: "delete",
		columns: {
			id: technical("mails", "id"),
			letter: technical("mails", "letter"),
			account_id: owned("mails"),
			recipient: contact("mails", "recipient"),
			recipient_key: canonical("mails"),
			language: technical("mails", "language"),
			state: technical("mails", "state"),
			attempts: technical("mails", "attempts", "number"),
			next_at: technical("mails", "nextAt", "time"),
			asked_at: technical("mails", "askedAt", "time"),
			problem: technical("mails", "problem", "text?"),
		},
	},
	commands: {
		rows: { en: "orders to agents", fr: "ordres aux agents" },
		owners: [{ column: "account_id", is: "id" }],
		key: "id",
		file: "orders",
		erasure: "delete",
		columns: {
			id: technical("orders", "id"),
			account_id: owned("orders"),
			agent_id: technical("orders", "agentId"),
			camera_id: technical("orders", "cameraId"),
			statement: sealed("orders"),
			state: technical("orders", "state"),
			code: technical("orders", "code", "text?"),
			detail: technical("orders", "detail", "text?"),
			created_at: technical("orders", "createdAt", "time"),
		},
	},
	cameras: {
		rows: { en: "cameras", fr: "caméras" },
		owners: [{ column: "account_id", is: "id" }],
		key: "id",
		file: "cameras",
		erasure: "delete",
		columns: {
			id: technical("cameras", "id"),
			account_id: owned("cameras"),
			agent_id: technical("cameras", "agentId"),
			name: by("PATCH /cameras/:id", content("cameras", "name")),
			scheme: by("PATCH /cameras/:id", content("cameras", "scheme")),
			host: by("PATCH /cameras/:id", content("cameras", "host")),
			port: by("PATCH /cameras/:id", content("cameras", "port", "number")),
			path: by("PATCH /cameras/:id", content("cameras", "path")),
			sound: by("POST /commands", content("cameras", "sound", "flag")),
			created_at: technical("cameras", "createdAt", "time"),
		},
	},
	devices: {
		rows: { en: "linked browsers", fr: "navigateurs liés" },
		owners: [{ column: "account_id", is: "id" }],
		key: "id",
		file: "devices",
		erasure: "delete",
		columns: {
			id: technical("agents", "id"),
			account_id: owned("agents"),
			agent_id: technical("agents", "agentId"),
			label: by("PATCH /devices/:id", device("agents", "label")),
			sign_key: device("agents", "signKey"),
			seal_key: device("agents", "sealKey"),
			created_at: technical("agents", "createdAt", "time"),
			confirmed: technical("agents", "confirmed", "flag"),
		},
	},
	enrolments: {
		rows: { en: "enrolments under way", fr: "liaisons en cours" },
		owners: [{ column: "agent_id", in: "agents" }],
		key: "code_hash",
		erasure: "delete",
		columns: {
			code_hash: secret("agents"),
			name: brief("agents"),
			sign_key: brief("agents"),
			seal_key: brief("agents"),
			expires_at: brief("agents"),
			agent_id: brief("agents"),
			device_id: brief("agents"),
			mac: secret("agents"),
		},
	},
	agents: {
		rows: { en: "agents", fr: "agents" },
		owners: [{ column: "account_id", is: "id" }],
		key: "id",
		file: "agents",
		erasure: "delete",
		columns: {
			id: technical("agents", "id"),
			account_id: owned("agents"),
			name: by("PATCH /agents/:id", device("agents", "name")),
			sign_key: device("agents", "signKey"),
			seal_key: device("agents", "sealKey"),
			state: technical("agents", "state"),
			created_at: technical("agents", "createdAt", "time"),
			last_seen_day: technical("reliability", "lastSeenDay", "text?"),
		},
	},
	accounts: {
		rows: { en: "account", fr: "compte" },
		owners: [{ column: "id", is: "id" }],
		key: "id",
		file: "account",
		one: true,
		erasure: "delete",
		columns: {
			id: technical("account", "id"),
			email: by("POST /account/email", contact("account", "email")),
			email_key: canonical("account"),
			full_name: by("PATCH /account", identity("account", "fullName")),
			password_hash: secret("password"),
			state: technical("account", "state"),
			language: by("PATCH /account", technical("account", "language")),
			created_at: technical("account", "createdAt", "time"),
			revision: counted("account"),
			terms_version: technical("account", "termsVersion", "text?"),
			agreement_version: technical("account", "agreementVersion", "text?"),
			accepted_at: technical("account", "acceptedAt", "time?"),
			erase_at: technical("account", "eraseAt", "time?"),
			state_before: technical("account", "stateBefore", "text?"),
			active_day: technical("account", "activeDay", "text?"),
			warned_day: technical("account", "warnedDay", "text?"),
		},
	},
	erasures: {
		key: "account_hash",
		erasure: "nobody",
		columns: {
			account_hash: anonymous("erasures"),
			erased_at: anonymous("erasures"),
			receipt: anonymous("erasures"),
		},
	},
	receipts: {
		key: "number",
		erasure: "nobody",
		columns: {
			number: anonymous("erasures"),
			made_at: anonymous("erasures"),
			document: anonymous("erasures"),
			signature: anonymous("erasures"),
		},
	},
	page_counts: {
		key: "path",
		erasure: "nobody",
		columns: { day: anonymous("pages"), path: anonymous("pages"), count: anonymous("pages") },
	},
	download_counts: {
		key: "os",
		erasure: "nobody",
		columns: {
			day: anonymous("downloads"),
			os: anonymous("downloads"),
			file_type: anonymous("downloads"),
			count: anonymous("downloads"),
		},
	},
	used_challenges: {
		key: "hash",
		erasure: "nobody",
		columns: { hash: nobodys, expires_at: nobodys },
	},
	revocations: {
		key: "seq",
		erasure: "nobody",
		columns: { seq: nobodys, ref: nobodys, iat: nobodys },
	},
	migrations: {
		key: "name",
		erasure: "nobody",
		columns: { name: nobodys, ran_at: nobodys },
	},
} as const satisfies Record<string, Table>;
export type TableName = keyof typeof DATA_MAP;
/** All of them, as what they are to readers that go through them. */
export const tables = Object.entries(DATA_MAP) as [TableName, Table][];
