import type { Generated } from "kysely";

/** The tables as kysely sees them. Times are ms since 1970 unless the name says otherwise; ids as in wire/ids. */
export interface Schema {
	accounts: AccountTable;
	sessions: SessionTable;
	agents: AgentTable;
	devices: DeviceTable;
	enrolments: EnrolmentTable;
	cameras: CameraTable;
	commands: CommandTable;
	revocations: RevocationTable;
	links: LinkTable;
	passkeys: PasskeyTable;
	used_challenges: UsedChallengeTable;
	outbox: OutboxTable;
	stream_events: StreamEventTable;
	objections: ObjectionTable;
	directives: DirectiveTable;
	requests: RequestTable;
	erasures: ErasureTable;
	receipts: ReceiptTable;
	page_counts: PageCountTable;
	download_counts: DownloadCountTable;
}
export interface AccountTable {
	id: string;
	/** As typed, for display and mail. */
	email: string;
	/** Canonical form; unique. */
	email_key: string;
	full_name: string;
	password_hash: string;
	state: "unconfirmed" | "active" | "restricted" | "leaving" | "erased";
	language: "en" | "fr";
	created_at: number;
	/** Grows with every change that agents or pages wait for. */
	revision: Generated<number>;
	/** What the person accepted at sign-up, and when; `null` for accounts from before it was asked. */
	terms_version: string | null;
	agreement_version: string | null;
	accepted_at: number | null;
	/** Of a leaving account: when it is erased, and what it is again when that is undone. */
	erase_at: number | null;
	state_before: "active" | "restricted" | null;
	/** Coarse: the day of the last sign-in or renewal, `YYYY-MM-DD`; `null` before the first one since it is kept. */
	active_day: string | null;
	/** The day on which its person was told that it is unused and will be removed. */
	warned_day: string | null;
}
export interface SessionTable {
	/** SHA-256 of the cookie's `jti`, base64url: a stolen database opens no session. */
	jti_hash: string;
	/** Names the session in relay tokens and revocations. */
	id: string;
	account_id: string;
	created_at: number;
	expires_at: number;
	/** What its owner knows the browser by, e.g. `Firefox, Linux`. */
	label: Generated<string>;
	/** Coarse: the day, `YYYY-MM-DD`. */
	last_used_day: string | null;
	/** When the person last proved who they are: at sign-in, or since. */
	proved_at: Generated<number>;
}
export interface AgentTable {
	id: string;
	account_id: string;
	name: string;
	sign_key: string;
	seal_key: string;
	state: "claimed" | "active" | "refused";
	created_at: number;
	/** Coarse: the day, `YYYY-MM-DD`. */
	last_seen_day: string | null;
}
export interface DeviceTable {
	id: string;
	account_id: string;
	agent_id: string;
	label: string;
	sign_key: string;
	seal_key: string;
	created_at: number;
	/** Whether the agent said that it obeys this device, 0 or 1. */
	confirmed: number;
}
export interface EnrolmentTable {
	/** SHA-256 of the code, base64url. */
	code_hash: string;
	name: string;
	sign_key: string;
	seal_key: string;
	expires_at: number;
	/** Set by the claim; the code is used up then. */
	agent_id: string | null;
	device_id: string | null;
	mac: string | null;
}
export interface CameraTable {
	id: string;
	account_id: string;
	agent_id: string;
	name: string;
	scheme: "rtsp" | "rtsps";
	host: string;
	port: number;
	path: string;
	sound: number;
	created_at: number;
}
export interface CommandTable {
	id: string;
	account_id: string;
	agent_id: string;
	camera_id: string;
	statement: string;
	state: "waiting" | "done" | "refused";
	code: string | null;
	detail: string | null;
	created_at: number;
}
export interface RevocationTable {
	seq: Generated<number>;
	ref: string;
	/** s since 1970: tokens issued up to then are revoked. */
	iat: number;
}
/** Single-use links that were mailed, at most one of a purpose for an account: a newer one voids the older (A01). */
export interface LinkTable {
	/** Of the mail that carries it; the token itself is made from it with a key, so that no copy of it is stored. */
	id: string;
	/** SHA-256 of the token, base64url. */
	token_hash: string;
	account_id: string;
	purpose: "confirmation" | "reset" | "address" | "undo";
	/** For a change of address: the one that is being confirmed. */
	new_email: string | null;
	new_email_key: string | null;
	asked_at: number;
	expires_at: number;
	/** Kept after its use, so that the same mail, sent again after a crash, does not make it work again. */
	used_at: number | null;
}
export interface PasskeyTable {
	id: string;
	account_id: string;
	/** As the authenticator names it, base64url. */
	credential_id: string;
	/** COSE key, base64url. */
	public_key: string;
	counter: number;
	/** JSON array of the browser's hints how to reach it. */
	transports: string;
	label: string;
	created_at: number;
	last_used_day: string | null;
}
/** WebAuthn challenges that were answered; each works once. */
export interface UsedChallengeTable {
	hash: string;
	expires_at: number;
}
/** Mails on their way. A row goes when the mail is handed over; what could not be is kept as `dead` for the operator. */
export interface OutboxTable {
	/** Also the idempotency key: the mail's Message-ID. */
	id: string;
	letter: string;
	/** `null` while it is not known whether the address has an account: that is looked up when the mail is made. */
	account_id: string | null;
	recipient: string;
	recipient_key: string;
	language: "en" | "fr";
	state: "waiting" | "dead";
	attempts: Generated<number>;
	next_at: number;
	asked_at: number;
	/** Why the last attempt failed: a code, never what the mail server said about the address. */
	problem: string | null;
}
/** What a camera's stream did (policy 02.4): when, and what; nothing else. */
export interface StreamEventTable {
	id: Generated<number>;
	account_id: string;
	camera_id: string;
	at: number;
	status: "live" | "idle" | "lost" | "refused";
}
/** What a person objected to (art. 21). */
export interface ObjectionTable {
	id: string;
	account_id: string;
	purpose: "reliability";
	created_at: number;
}
/** What a person wants done with their data after their death (French law of 6 January 1978, art. 85). */
export interface DirectiveTable {
	account_id: string;
	words: string;
	created_at: number;
}
/** A person's request and its clock (art. 12(3)). Without account and requester once the account is erased. */
export interface RequestTable {
	number: string;
	account_id: string | null;
	/** Where to answer who has no account: of requests by mail. */
	requester: string | null;
	kind: "access" | "rectification" | "erasure" | "portability" | "objection" | "restriction" | "directives" | "other";
	channel: "self" | "mail";
	received_at: number;
	due_at: number;
	reminded_at: number | null;
	extended_at: number | null;
	/** Why it takes longer, as the person was told. */
	extension: string | null;
	closed_at: number | null;
	outcome: "done" | "refused" | "withdrawn" | null;
	/** What shows that it was done, or on which article the refusal rests. */
	evidence: string | null;
}
/** The ledger of erasures: replayed after a restore. A hash of a random number that means nothing any more. */
export interface ErasureTable {
	account_hash: string;
	erased_at: number;
	receipt: string;
}
export interface ReceiptTable {
	number: string;
	made_at: number;
	/** JSON, as it was signed. */
	document: string;
	/** Detached JWS. */
	signature: string;
}
export interface PageCountTable {
	day: string;
	path: string;
	count: number;
}
export interface DownloadCountTable {
	day: string;
	os: "linux" | "macos" | "windows";
	file_type: "deb" | "tar.gz" | "zip";
	count: number;
}
